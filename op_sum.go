package kldivloss

import (
	"fmt"
	"slices"

	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// sumOp adds any number of tensors of one shape into fresh memory. Gorgonia's
// Add may write into an operand that is a Reshape's view of memory still in use.
type sumOp struct{ signature }

// add returns the sum of nodes of one shape and dtype.
func add(nodes G.Nodes) (*G.Node, error) {
	if len(nodes) == 1 {
		return nodes[0], nil
	}
	op, err := newElementwise("Sum", nodes[0], len(nodes), true)
	if err != nil {
		return nil, err
	}
	return G.ApplyOp(sumOp{op}, nodes...)
}

func newElementwise(name string, like *G.Node, arity int, differentiable bool) (signature, error) {
	dtype, ok := dtypeOf(like)
	if !ok {
		return signature{}, errors.Wrapf(ErrDtype, "%v is %v, expected float64 or float32", like, like.Type())
	}
	s := signature{name: name, dtype: dtype, out: slices.Clone(like.Shape())}
	for i := range arity {
		s.args = append(s.args, argument{fmt.Sprintf("term %d", i), s.out, differentiable})
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
	return symDiff(op, inputs, out, grad)
}

// zerosOp is a zero of its argument's shape.
type zerosOp struct{ signature }

func zerosLike(n *G.Node) (*G.Node, error) {
	op, err := newElementwise("Zeros", n, 1, false)
	if err != nil {
		return nil, err
	}
	return G.ApplyOp(zerosOp{op}, n)
}

func (op zerosOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, zerosKernel[float64](op), zerosKernel[float32](op))
}

func zerosKernel[F kernel.Float](op zerosOp) func([]kernel.View[F]) []F {
	return func([]kernel.View[F]) []F { return make([]F, product(op.out)) }
}

var _ G.SDOp = sumOp{}
