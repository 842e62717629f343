package kldivloss

import (
	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
)

// lossOp is the divergence itself: (pred, target[, sample weight]) → loss.
type lossOp struct {
	signature
	plan plan
}

func newLossOp(p plan) lossOp {
	return lossOp{p.sign("KLDivLoss", p.outShape), p}
}

func (op lossOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, lossKernel[float64](op), lossKernel[float32](op))
}

func lossKernel[F kernel.Float](op lossOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		return kernel.Loss(op.plan.problem, operands(op.plan, in))
	}
}

func (op lossOp) derivative(input int) (derivative, error) {
	return derivative{newVJPOp(op.plan, kernel.Side(input)), firstInputs(op.Arity(), upstream)}, nil
}

func (op lossOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

func (op lossOp) DoDiff(_ G.ExecutionContext, inputs G.Nodes, out *G.Node) error {
	return doDiff(op, inputs, out)
}

var (
	_ G.SDOp = lossOp{}
	_ G.ADOp = lossOp{}
)
