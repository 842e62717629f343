package kldivloss

import (
	"fmt"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// untrusted names ops of Gorgonia v0.9.18 whose own derivative is wrong or
// panics; Grad refuses to differentiate them.
var untrusted = map[string]string{}

// differentiableInputs is DiffWRT of an op that may not be differentiable, may
// panic, or may answer with the wrong length.
func differentiableInputs(n *G.Node, arity int) (wrt []bool, err error) {
	op, ok := n.Op().(G.SDOp)
	if !ok {
		return nil, errors.Wrapf(ErrNotDifferentiable, "%v (%T) has no symbolic derivative", n.Op(), n.Op())
	}
	if reason, ok := untrusted[fmt.Sprintf("%T", op)]; ok {
		return nil, errors.Wrapf(ErrNotDifferentiable, "%v: %s", op, reason)
	}
	defer recoverFrom(op, "DiffWRT", &err)
	wrt = make([]bool, arity)
	copy(wrt, op.DiffWRT(arity))
	return wrt, nil
}

// foreignSymDiff is SymDiff of an op that is not ours and may panic.
func foreignSymDiff(n *G.Node, children G.Nodes, grad *G.Node) (grads G.Nodes, err error) {
	op := n.Op().(G.SDOp)
	defer recoverFrom(op, "SymDiff", &err)
	grads, err = op.SymDiff(children, n, grad)
	if err != nil {
		return nil, errors.WithMessagef(err, "%v", op)
	}
	if len(grads) != len(children) {
		return nil, errors.Wrapf(ErrNotDifferentiable, "%v gives %d gradients for %d inputs", op, len(grads), len(children))
	}
	return grads, nil
}

func recoverFrom(op G.Op, method string, err *error) {
	if r := recover(); r != nil {
		*err = errors.Wrapf(ErrNotDifferentiable, "%v: its %s panics: %v", op, method, r)
	}
}
