package kldivloss

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// untrusted are the ops of Gorgonia v0.9.18 whose derivative is wrong without an
// error, by their type and, where one type is many ops, a part of their name. The
// second derivatives of Slice, Conv2d, GroupNorm, BatchNorm and matrix × vector
// lead through one of them.
var untrusted = []struct{ kind, name, reason string }{
	{"gorgonia.sliceIncrOp", "", "its gradient, part of the second derivative of Slice, is wrong"},
	{"gorgonia.col2imOp", "", "its gradient, part of the second derivative of Conv2d, panics in a goroutine"},
	{"*gorgonia.groupNormDiffOp", "", "its gradient, part of the second derivative of GroupNorm, is left out"},
	{"*gorgonia.batchnormDiffOp", "", "its gradient, part of the second derivative of BatchNorm, is left out"},
	{"gorgonia.linAlgBinOp", "⊗", "the gradients of an outer product, part of the second derivative of matrix × vector, are swapped"},
	{"gorgonia.elemUnaryOp", "log2", "its gradient is wrong"},
	{"gorgonia.elemUnaryOp", "invSqrt", "its gradient is wrong"},
}

func distrust(op G.Op) error {
	kind, name := fmt.Sprintf("%T", op), fmt.Sprint(op)
	for _, u := range untrusted {
		if kind == u.kind && strings.Contains(name, u.name) {
			return errors.Wrapf(ErrNotDifferentiable, "%s (%s) of Gorgonia v0.9.18: %s", name, kind, u.reason)
		}
	}
	return nil
}

// differentiableInputs is DiffWRT of an op that may not be differentiable, may
// panic, or may answer with the wrong length.
func differentiableInputs(n *G.Node, arity int) (wrt []bool, err error) {
	op, ok := n.Op().(G.SDOp)
	if !ok {
		return nil, errors.Wrapf(ErrNotDifferentiable, "%v (%T) has no symbolic derivative", n.Op(), n.Op())
	}
	if err := distrust(op); err != nil {
		return nil, err
	}
	defer recoverFrom(op, "DiffWRT", &err)
	wrt = make([]bool, arity)
	copy(wrt, op.DiffWRT(arity))
	return wrt, nil
}

// foreignSymDiff is SymDiff of an op that is not ours and may panic, for the
// children that pull a gradient.
func foreignSymDiff(n *G.Node, children G.Nodes, pulls []bool, grad *G.Node) (grads G.Nodes, err error) {
	op := n.Op().(G.SDOp)
	defer recoverFrom(op, "SymDiff", &err)
	inputs := make(G.Nodes, len(children))
	for i, child := range children {
		if inputs[i], err = settled(child); err != nil {
			return nil, err
		}
	}
	output, err := settled(n)
	if err != nil {
		return nil, err
	}
	if grad, err = settled(grad); err != nil {
		return nil, err
	}
	grads, err = op.SymDiff(inputs, output, grad)
	if err != nil {
		return nil, errors.Wrapf(ErrNotDifferentiable, "%v: %v", op, err)
	}
	if len(grads) < len(children) {
		return nil, errors.Wrapf(ErrNotDifferentiable, "%v gives %d gradients for %d inputs", op, len(grads), len(children))
	}
	for i, wanted := range pulls {
		switch {
		case !wanted:
			grads[i] = nil
		case grads[i] == nil:
			return nil, errors.Wrapf(ErrNotDifferentiable, "%v gives no gradient for its input %d", op, i)
		case !sameShape(grads[i], children[i]):
			if grads[i], err = reshaped(grads[i], children[i].Shape()); err != nil {
				return nil, errors.WithMessagef(err, "%v, the gradient of its input %d", op, i)
			}
		}
	}
	return grads[:len(children)], nil
}

// settled returns a node that Gorgonia's ops can be built on without the two
// traps of v0.9.18 that derivatives run into. Its reductions leave tensors
// without dimensions where constants are scalars, and arithmetic between the two
// fails at run time. Its elementwise ops overwrite an operand that nobody reads
// any more, and take no account of those that do read the same memory by another
// view.
func settled(n *G.Node) (*G.Node, error) {
	if isView(n) || isReduced(n) {
		return copyAs(n, n.Shape())
	}
	return n, nil
}

func isView(n *G.Node) bool {
	switch strings.TrimPrefix(fmt.Sprintf("%T", n.Op()), "*") {
	case "gorgonia.reshapeOp", "gorgonia.sliceOp", "gorgonia.transposeOp":
		return true
	}
	return false
}

// isReduced excludes sizes, which must stay the ops they are.
func isReduced(n *G.Node) bool {
	_, isSize := n.Op().(G.DimSizer)
	_, isOurs := n.Op().(differentiable)
	return n.IsScalar() && n.Op() != nil && !isConstant(n) && !isSize && !isOurs
}

// reshaped gives a gradient the dimensions of 1 that Gorgonia's ops lose.
func reshaped(grad *G.Node, shape tensor.Shape) (*G.Node, error) {
	if fit(grad.Shape(), grad.Shape(), shape) == nil {
		return nil, errors.Wrapf(ErrNotDifferentiable, "has shape %v, expected %v", grad.Shape(), shape)
	}
	return copyAs(grad, shape)
}

func recoverFrom(op G.Op, method string, err *error) {
	if r := recover(); r != nil {
		*err = errors.Wrapf(ErrNotDifferentiable, "%v: its %s panics: %v", op, method, r)
	}
}
