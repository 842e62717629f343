package kldivloss

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// differentiableInputs is DiffWRT of an op that may not be differentiable, may
// panic, or may answer with the wrong length.
func differentiableInputs(n *G.Node, arity int) (wrt []bool, err error) {
	op, ok := n.Op().(G.SDOp)
	if !ok {
		return nil, errors.Wrapf(ErrNotDifferentiable, "%v (%T) has no symbolic derivative", n.Op(), n.Op())
	}
	if err := distrust(n); err != nil {
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
	output := n
	if !isView(n) { // whose gradient needs no values
		if children, err = settledAll(children); err != nil {
			return nil, err
		}
		if output, err = settled(n); err != nil {
			return nil, err
		}
	}
	grads, err = op.SymDiff(children, output, grad)
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

// reshaped gives a gradient the dimensions of 1 that Gorgonia's ops lose.
func reshaped(grad *G.Node, shape tensor.Shape) (*G.Node, error) {
	if fit(grad.Shape(), grad.Shape(), shape) == nil {
		return nil, errors.Wrapf(ErrNotDifferentiable, "has shape %v, expected %v", grad.Shape(), shape)
	}
	return copyAs(grad, shape, sharers(grad))
}

func recoverFrom(op G.Op, method string, err *error) {
	if r := recover(); r != nil {
		*err = errors.Wrapf(ErrNotDifferentiable, "%v: its %s panics: %v", op, method, r)
	}
}
