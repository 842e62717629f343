package kldivloss

import (
	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// logSoftmaxJVPOp is (y, tangent) → the log-softmax's directional derivative.
type logSoftmaxJVPOp struct {
	signature
	plan softmaxPlan
}

func newLogSoftmaxJVPOp(p softmaxPlan) logSoftmaxJVPOp {
	return logSoftmaxJVPOp{p.sign("Tangent", "y", "tangent"), p}
}

func (op logSoftmaxJVPOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, logSoftmaxJVPKernel[float64](op), logSoftmaxJVPKernel[float32](op))
}

func logSoftmaxJVPKernel[F kernel.Float](op logSoftmaxJVPOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		return kernel.LogSoftmaxJVP(op.plan.shape, op.plan.axis, in[0], in[1])
	}
}

// derivative mirrors softmaxVJPOp's: ⟨JVP(y, v), u⟩ = ⟨VJP(y, u), v⟩.
func (op logSoftmaxJVPOp) derivative(input int) (derivative, error) {
	if input == 0 {
		return derivative{newSoftmaxCurvatureOp(op.plan), []wire{0, upstream, 1}}, nil
	}
	return derivative{newSoftmaxVJPOp(op.plan), []wire{0, upstream}}, nil
}

func (op logSoftmaxJVPOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

// softmaxCurvatureOp is (y, g, v) → the gradient of ⟨softmaxVJP(y, g), v⟩ with
// respect to y.
type softmaxCurvatureOp struct {
	signature
	plan softmaxPlan
}

func newSoftmaxCurvatureOp(p softmaxPlan) softmaxCurvatureOp {
	return softmaxCurvatureOp{p.sign("Curvature", "y", "upstream gradient", "tangent"), p}
}

func (op softmaxCurvatureOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, softmaxCurvatureKernel[float64](op), softmaxCurvatureKernel[float32](op))
}

func softmaxCurvatureKernel[F kernel.Float](op softmaxCurvatureOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		return kernel.SoftmaxCurvature(op.plan.shape, op.plan.axis, op.plan.logarithm, in[0], in[1], in[2])
	}
}

func (op softmaxCurvatureOp) derivative(input int) (derivative, error) {
	return derivative{}, errors.Wrapf(ErrThirdDerivative, "%s with respect to its %s", op.name, op.args[input].name)
}

func (op softmaxCurvatureOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

var (
	_ G.SDOp = logSoftmaxJVPOp{}
	_ G.SDOp = softmaxCurvatureOp{}
)
