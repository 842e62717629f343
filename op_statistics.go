package kldivloss

import (
	"github.com/chewxy/hm"
	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// statisticsOp is what a loss of logits and its gradients have in common, row by row:
// (pred, target[, sample weight][, mask]) → statistics. They depend on each other's inputs
// only through it, and each is differentiated as a function of pred and target.
type statisticsOp struct {
	signature
	plan     *plan
	foreseen *foreseen
}

func newStatisticsOp(p *plan) statisticsOp {
	s := p.sign("Statistics", p.statisticsArg().shape)
	for i := range s.args {
		s.args[i].differentiable = false
	}
	return statisticsOp{s, p, new(foreseen)}
}

// Type: statistics are float64 whatever the loss is.
func (op statisticsOp) Type() hm.Type {
	return op.typeTo(typeOf(op.out, tensor.Float64))
}

func (op statisticsOp) Do(inputs ...G.Value) (G.Value, error) {
	sides, asked := op.foreseen.sides(), op.foreseen.asked.Load()
	if len(sides) == 0 && !asked {
		return unasked(), nil
	}
	if err := op.plan.checkValues(&op.signature, inputs); err != nil {
		return nil, err
	}
	var a ahead
	out := op.out
	if !asked {
		out = unaskedShape
	}
	v, err := runTo(&op.signature, out, inputs, statisticsKernel[float64](op, asked, sides, &a), statisticsKernel[float32](op, asked, sides, &a))
	if err != nil || len(sides) == 0 {
		return v, err
	}
	dense, ok := v.(*tensor.Dense)
	if !ok {
		return nil, errors.Wrapf(ErrValue, "statistics are a %T, expected a *tensor.Dense", v)
	}
	a.Dense = dense
	return &a, nil
}

// statisticsKernel computes them where they are asked for, and what is written ahead.
func statisticsKernel[F kernel.Float](op statisticsOp, asked bool, sides []kernel.Side, a *ahead) func([]kernel.View[F]) []float64 {
	return func(in []kernel.View[F]) []float64 {
		p := op.plan
		if asked {
			statistics, gradients := kernel.Statistics(p.problem, operands(p, in), sides...)
			a.set(nil, sides, values(gradients, p.shape))
			return statistics
		}
		loss, gradients := kernel.LossAndGradients(p.problem, operands(p, in), sides...)
		a.set(value(loss, p.outShape), sides, values(gradients, p.shape))
		return unnoted()
	}
}

func values[F kernel.Float](data [][]F, shape tensor.Shape) []G.Value {
	all := make([]G.Value, len(data))
	for i, d := range data {
		all[i] = value(d, shape)
	}
	return all
}

// SymDiff has nothing to build: DiffWRT allows no input.
func (op statisticsOp) SymDiff(inputs G.Nodes, _, _ *G.Node) (G.Nodes, error) {
	return make(G.Nodes, len(inputs)), nil
}

// DoDiff has nothing to add, for the same reason.
func (op statisticsOp) DoDiff(G.ExecutionContext, G.Nodes, *G.Node) error { return nil }

// hasStatistics reports whether a gradient may want them.
func (p *plan) hasStatistics() bool {
	return (p.predGrad || p.targetGrad) && kernel.HasStatistics(p.problem, int(p.dtype.Size()))
}

// unasked is in place of statistics that no gradient is going to read: it takes longer to note
// them than the loss gains. The loss is then written ahead, or computes and checks all by itself.
// It is told by its size. (A machine that copies values for a trace keeps the first of later
// statistics in it: the copy shows less than there is, and nothing reads it.)
func unasked() G.Value { return value(unnoted(), unaskedShape) }

func unnoted() []float64 { return []float64{0} }

var unaskedShape = tensor.Shape{1}

// statisticsArg is the argument of an op that reads statistics.
func (p *plan) statisticsArg() argument {
	return argument{name: "statistics", shape: tensor.Shape{product(p.rowShape()), kernel.StatisticsSize}, statistics: true}
}

// statistics reads the argument's value, nil where an op has none.
func (s *signature) statistics(inputs []G.Value) (data []float64, err error) {
	defer s.recovered(&err)
	for i, arg := range s.args {
		if !arg.statistics || i >= len(inputs) {
			continue
		}
		dense := withoutAhead(inputs[i])
		if !isNil(dense) && dense.Size() == 1 {
			return nil, nil
		}
		v, err := view[float64](arg.name, dense, arg.shape)
		if err != nil {
			return nil, errors.WithMessage(err, s.name)
		}
		return v.Data[:product(arg.shape)], nil
	}
	return nil, nil
}

var (
	_ G.SDOp = statisticsOp{}
	_ G.ADOp = statisticsOp{}
)
