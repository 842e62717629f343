package kldivloss

import (
	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// hvpOp is a block of the loss's Hessian times a vector: how the gradient with
// respect to wrt changes along a tangent of one side,
// (pred, target[, sample weight][, mask], upstream gradient, tangent) → gradient.
type hvpOp struct {
	signature
	plan       *plan
	along, wrt kernel.Side
}

func newHVPOp(p *plan, along, wrt kernel.Side) hvpOp {
	name := "Hessian/" + along.String() + "/" + wrt.String()
	return hvpOp{p.sign(name, p.shape, p.upstreamArg(), p.tangentArg()), p, along, wrt}
}

func (op hvpOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, hvpKernel[float64](op), hvpKernel[float32](op))
}

func hvpKernel[F kernel.Float](op hvpOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		n := op.plan.lossArity()
		ops := operands(op.plan, in)
		ops.Upstream = spread(op.plan, in[n])
		ops.Tangent = in[n+1]
		return kernel.HVP(op.plan.problem, op.along, op.wrt, ops)
	}
}

// derivative: the op is linear in the tangent, and the Hessian is symmetric.
func (op hvpOp) derivative(input int) (derivative, error) {
	n := op.plan.lossArity()
	if input == n+1 {
		return derivative{newHVPOp(op.plan, op.wrt, op.along), firstInputs(n+1, upstream)}, nil
	}
	return derivative{}, errors.Wrapf(ErrThirdDerivative, "%s with respect to its %s", op.name, op.args[input].name)
}

func (op hvpOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

var _ G.SDOp = hvpOp{}
