package kldivloss

import (
	"fmt"
	"slices"

	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// sumOp adds tensors of one shape into fresh memory. Gorgonia's Add may write
// into an operand that is a Reshape's view of memory still in use.
type sumOp struct{ signature }

// add returns the sum of nodes of one shape and dtype.
func add(nodes G.Nodes) (*G.Node, error) {
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	s, err := signLike(nodes[0], "Sum", nodes[0].Shape(), len(nodes), true)
	if err != nil {
		return nil, err
	}
	return G.ApplyOp(sumOp{s}, nodes...)
}

// signLike is the signature of an op whose arguments all have a node's shape and
// dtype.
func signLike(n *G.Node, name string, out tensor.Shape, arity int, differentiable bool) (signature, error) {
	dtype, ok := floatOf(n)
	if !ok {
		return signature{}, errors.Wrapf(ErrDtype, "%v is %v, expected float64 or float32", n, n.Type())
	}
	s := signature{name: name, dtype: dtype, out: slices.Clone(out)}
	for i := range arity {
		s.args = append(s.args, argument{name: fmt.Sprintf("term %d", i), shape: slices.Clone(n.Shape()), differentiable: differentiable})
	}
	return s, nil
}

func (op sumOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, sumKernel[float64](op), sumKernel[float32](op))
}

func sumKernel[F kernel.Float](op sumOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F { return kernel.Sum(op.out, in) }
}

// derivative: the gradient of every term is the upstream one.
func (op sumOp) derivative(int) (derivative, error) {
	return derivative{wires: []wire{upstream}}, nil
}

func (op sumOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

func (op sumOp) DoDiff(_ G.ExecutionContext, inputs G.Nodes, out *G.Node) error {
	return doDiff(op, inputs, out)
}

// copyOp is a fresh row-major copy of its first argument, in another shape of as
// many elements. The others are read for their lifetime only: see settled.
type copyOp struct{ signature }

// copyAs copies n; sharers may hold n itself.
func copyAs(n *G.Node, shape tensor.Shape, sharers G.Nodes) (*G.Node, error) {
	s, err := signLike(n, "Copy", shape, 1, true)
	if err != nil {
		return nil, err
	}
	inputs := G.Nodes{n}
	for _, sharer := range sharers {
		if sharer != n {
			inputs = append(inputs, sharer)
			s.args = append(s.args, argument{name: "sharer", shape: slices.Clone(sharer.Shape())})
		}
	}
	return G.ApplyOp(copyOp{s}, inputs...)
}

func (op copyOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, copyKernel[float64](op), copyKernel[float32](op))
}

func copyKernel[F kernel.Float](op copyOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F { return kernel.Sum(op.args[0].shape, in[:1]) }
}

func (op copyOp) derivative(int) (derivative, error) {
	back := op.signature
	back.out = op.args[0].shape
	back.args = []argument{{name: op.args[0].name, shape: op.out, differentiable: true}}
	return derivative{copyOp{back}, []wire{upstream}}, nil
}

func (op copyOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

func (op copyOp) DoDiff(_ G.ExecutionContext, inputs G.Nodes, out *G.Node) error {
	return doDiff(op, inputs, out)
}

// zerosOp is a zero of its argument's shape.
type zerosOp struct{ signature }

func zerosLike(n *G.Node) (*G.Node, error) {
	s, err := signLike(n, "Zeros", n.Shape(), 1, false)
	if err != nil {
		return nil, err
	}
	return G.ApplyOp(zerosOp{s}, n)
}

func (op zerosOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, zerosKernel[float64](op), zerosKernel[float32](op))
}

func zerosKernel[F kernel.Float](op zerosOp) func([]kernel.View[F]) []F {
	return func([]kernel.View[F]) []F { return make([]F, product(op.out)) }
}

// SymDiff has nothing to build: DiffWRT allows no input.
func (op zerosOp) SymDiff(inputs G.Nodes, _, _ *G.Node) (G.Nodes, error) {
	return make(G.Nodes, len(inputs)), nil
}

var (
	_ G.SDOp = sumOp{}
	_ G.ADOp = sumOp{}
	_ G.SDOp = copyOp{}
	_ G.ADOp = copyOp{}
	_ G.SDOp = zerosOp{}
)
