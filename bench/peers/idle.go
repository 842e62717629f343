package main

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// idle is the graph of a loss and its gradients, of ops that allocate their results, in memory
// that is not cleared, as ours, and compute nothing: what it costs is Gorgonia's and the garbage
// collector's.
func idle(w workload, d data) (*program, error) {
	g := G.NewGraph()
	x, t := input(g, "x", w, d.x), input(g, "t", w, d.t)
	dtype := x.Dtype()
	cost, err := G.ApplyOp(idleOp{dtype: dtype, arity: 2}, x, t)
	if err != nil {
		return nil, err
	}
	p := &program{graph: g, cost: cost}
	for i := range w.mode.gradients() {
		gradient, err := G.ApplyOp(idleOp{dtype, 3, x.Shape()}, x, t, constant(w, fmt.Sprintf("factor%d", i), float64(1+i)))
		if err != nil {
			return nil, err
		}
		p.derivatives = append(p.derivatives, gradient)
	}
	return p, nil
}

// called is a graph whose only op runs the kernels as kernelContender does: what they take where a
// tape machine calls them. It does so on another thread than its caller's, which waits.
func called(w workload, d data) (*program, error) {
	g := G.NewGraph()
	x, t := input(g, "x", w, d.x), input(g, "t", w, d.t)
	cost, err := G.ApplyOp(calledOp{idleOp{dtype: x.Dtype(), arity: 2}, kernelContender(calledName, w, d)}, x, t)
	if err != nil {
		return nil, err
	}
	return &program{graph: g, cost: cost}, nil
}

// calledOp runs the kernels, and returns 0.
type calledOp struct {
	idleOp
	kernels contender
}

func (op calledOp) Do(inputs ...G.Value) (G.Value, error) {
	if _, err := op.kernels.run(1); err != nil {
		return nil, err
	}
	return op.idleOp.Do(inputs...)
}

// idleOp takes matrices, the third argument a scalar, and returns what is in memory.
type idleOp struct {
	dtype tensor.Dtype
	arity int
	out   tensor.Shape // nil for a scalar
}

func (op idleOp) Arity() int { return op.arity }

func (op idleOp) Type() hm.Type {
	matrix := G.TensorType{Dims: 2, Of: op.dtype}
	if op.arity == 3 {
		return hm.NewFnType(matrix, matrix, op.dtype, matrix)
	}
	return hm.NewFnType(matrix, matrix, op.dtype)
}

func (op idleOp) InferShape(...G.DimSizer) (tensor.Shape, error) {
	return append(tensor.Shape{}, op.out...), nil
}

func (op idleOp) Do(...G.Value) (G.Value, error) {
	switch {
	case op.out != nil && op.dtype == tensor.Float32:
		return tensor.New(tensor.WithBacking(kernel.Unwritten[float32](op.out.TotalSize())), tensor.WithShape(op.out...)), nil
	case op.out != nil:
		return tensor.New(tensor.WithBacking(kernel.Unwritten[float64](op.out.TotalSize())), tensor.WithShape(op.out...)), nil
	case op.dtype == tensor.Float32:
		return G.NewF32(0), nil
	}
	return G.NewF64(0), nil
}

func (op idleOp) ReturnsPtr() bool     { return false }
func (op idleOp) CallsExtern() bool    { return false }
func (op idleOp) OverwritesInput() int { return -1 }
func (op idleOp) String() string       { return "idle" }

func (op idleOp) WriteHash(h hash.Hash) { fmt.Fprintf(h, "idle %v %d %v", op.dtype, op.arity, op.out) }

func (op idleOp) Hashcode() uint32 {
	h := fnv.New32a()
	op.WriteHash(h)
	return h.Sum32()
}
