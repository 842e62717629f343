package kldivloss

import (
	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
)

// lossOp is the divergence itself: (pred, target[, sample weight][, mask][, statistics]) → loss.
type lossOp struct {
	signature
	plan *plan
}

func newLossOp(p *plan) lossOp {
	var more []argument
	if p.hasStatistics() {
		more = append(more, p.statisticsArg())
	}
	return lossOp{p.sign("", p.outShape, more...), p}
}

// apply adds the loss of its inputs to their graph.
func (op lossOp) apply(inputs G.Nodes) (*G.Node, error) {
	inputs, err := admitted(inputs)
	if err != nil {
		return nil, err
	}
	if op.plan.hasStatistics() {
		statistics, err := G.ApplyOp(newStatisticsOp(op.plan), inputs...)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, statistics)
	}
	return G.ApplyOp(op, inputs...)
}

func (op lossOp) Do(inputs ...G.Value) (G.Value, error) {
	if loss := op.takeAhead(inputs); loss != nil {
		return loss, nil
	}
	statistics, err := op.statistics(inputs)
	if err != nil {
		return nil, err
	}
	if statistics == nil { // else they were made of the same values
		if err := op.plan.checkValues(&op.signature, inputs); err != nil {
			return nil, err
		}
	}
	return op.run(inputs, lossKernel[float64](op, statistics), lossKernel[float32](op, statistics))
}

func lossKernel[F kernel.Float](op lossOp, statistics []float64) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		ops := operands(op.plan, in)
		ops.Statistics = statistics
		return kernel.Loss(op.plan.problem, ops)
	}
}

func (op lossOp) derivative(input int) (derivative, error) {
	return derivative{newVJPOp(op.plan, kernel.Side(input), op.plan.hasStatistics()), firstInputs(op.Arity(), upstream)}, nil
}

func (op lossOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if err := checkHashes(out.Graph()); err != nil { // gorgonia.Grad asks for nothing else
		return nil, err
	}
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

// DoDiff is called after the first run of a LispMachine without statistics, which the next
// then has.
func (op lossOp) DoDiff(_ G.ExecutionContext, inputs G.Nodes, out *G.Node) error {
	foreseenOf(inputs).ask()
	return doDiff(op, inputs, out)
}

var (
	_ G.SDOp = lossOp{}
	_ G.ADOp = lossOp{}
)
