package kldivloss

import (
	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
)

// vjpOp is the loss's vector–Jacobian product, the gradient with respect to one
// side: (pred, target[, sample weight][, mask][, statistics], upstream gradient) → gradient.
type vjpOp struct {
	signature
	plan *plan
	wrt  kernel.Side
}

func newVJPOp(p *plan, wrt kernel.Side, statistics bool) vjpOp {
	args := []argument{p.upstreamArg()}
	if statistics {
		args = []argument{p.statisticsArg(), p.upstreamArg()}
	}
	return vjpOp{p.sign("Grad/"+wrt.String(), p.shape, args...), p, wrt}
}

func (op vjpOp) Do(inputs ...G.Value) (G.Value, error) {
	if gradient, err := op.takeAhead(inputs); gradient != nil || err != nil {
		return gradient, err
	}
	statistics, err := op.statistics(inputs)
	if err != nil {
		return nil, err
	}
	return op.run(inputs, vjpKernel[float64](op, statistics), vjpKernel[float32](op, statistics))
}

func vjpKernel[F kernel.Float](op vjpOp, statistics []float64) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		ops := operands(op.plan, in)
		ops.Statistics = statistics
		ops.Upstream = spread(op.plan, in[op.Arity()-1])
		return kernel.VJP(op.plan.problem, op.wrt, ops)
	}
}

// derivative: the op is linear in the upstream gradient, whose gradient is the
// Jacobian–vector product; that of pred and target is the loss's second
// derivative.
func (op vjpOp) derivative(input int) (derivative, error) {
	n, last := op.plan.lossArity(), op.Arity()-1
	if input == last {
		return derivative{newJVPOp(op.plan, op.wrt), firstInputs(n, upstream)}, nil
	}
	return derivative{newHVPOp(op.plan, op.wrt, kernel.Side(input)), firstInputs(n, wire(last), upstream)}, nil
}

func (op vjpOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

// jvpOp is the loss's Jacobian–vector product, its directional derivative along
// a tangent of one side: (pred, target[, sample weight][, mask], tangent) → a tangent of
// the loss's shape.
type jvpOp struct {
	signature
	plan  *plan
	along kernel.Side
}

func newJVPOp(p *plan, along kernel.Side) jvpOp {
	return jvpOp{p.sign("Tangent/"+along.String(), p.outShape, p.tangentArg()), p, along}
}

func (op jvpOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, jvpKernel[float64](op), jvpKernel[float32](op))
}

func jvpKernel[F kernel.Float](op jvpOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		ops := operands(op.plan, in)
		ops.Tangent = in[op.plan.lossArity()]
		return kernel.JVP(op.plan.problem, op.along, ops)
	}
}

// derivative mirrors vjpOp's: the op is linear in the tangent.
func (op jvpOp) derivative(input int) (derivative, error) {
	n := op.plan.lossArity()
	if input == n {
		return derivative{newVJPOp(op.plan, op.along, false), firstInputs(n, upstream)}, nil
	}
	return derivative{newHVPOp(op.plan, op.along, kernel.Side(input)), firstInputs(n, upstream, wire(n))}, nil
}

func (op jvpOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

var (
	_ G.SDOp = vjpOp{}
	_ G.SDOp = jvpOp{}
)
