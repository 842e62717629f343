package kldivloss

import (
	"fmt"

	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Softmax returns exp(x)/Σexp(x) along axis, of x's shape. Negative axes count
// from the end.
//
// It is right where gorgonia.SoftMax is not: on views and column-major input,
// with LogSoftmax of the same x in one graph, on rows far apart in size, and in
// second derivatives. A row of all −Inf, or with NaN or +Inf, gives NaN.
func Softmax(x *G.Node, axis int) (*G.Node, error) {
	return applySoftmax("Softmax", x, axis, false)
}

// LogSoftmax returns x − log Σexp(x) along axis, of x's shape: Softmax's
// logarithm, without its underflow. A class of −Inf stays −Inf.
func LogSoftmax(x *G.Node, axis int) (*G.Node, error) {
	return applySoftmax("LogSoftmax", x, axis, true)
}

func applySoftmax(name string, x *G.Node, axis int, logarithm bool) (*G.Node, error) {
	dtype, shape, err := checkTensor("x", x)
	if err != nil {
		return nil, errors.WithMessage(err, name)
	}
	if axis, err = resolveAxis("axis", axis, shape); err != nil {
		return nil, errors.WithMessage(err, name)
	}
	if err := checkAnyGraph(G.Nodes{x}); err != nil {
		return nil, errors.WithMessage(err, name)
	}
	n, err := G.ApplyOp(newSoftmaxOp(softmaxPlan{name, dtype, shape, axis, logarithm}), x)
	return n, errors.WithMessage(err, name)
}

type softmaxPlan struct {
	name      string
	dtype     tensor.Dtype
	shape     tensor.Shape
	axis      int
	logarithm bool
}

func (p softmaxPlan) sign(suffix string, args ...string) signature {
	s := signature{
		name:  p.name + suffix,
		attrs: fmt.Sprint(p.axis),
		dtype: p.dtype,
		out:   p.shape,
	}
	for _, name := range args {
		s.args = append(s.args, argument{name: name, shape: p.shape, differentiable: true})
	}
	return s
}

// softmaxOp is x → y.
type softmaxOp struct {
	signature
	plan softmaxPlan
}

func newSoftmaxOp(p softmaxPlan) softmaxOp { return softmaxOp{p.sign("", "x"), p} }

func (op softmaxOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, softmaxKernel[float64](op), softmaxKernel[float32](op))
}

func softmaxKernel[F kernel.Float](op softmaxOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		return kernel.Softmax(op.plan.shape, op.plan.axis, op.plan.logarithm, in[0])
	}
}

func (op softmaxOp) derivative(int) (derivative, error) {
	return derivative{newSoftmaxVJPOp(op.plan), []wire{output, upstream}}, nil
}

func (op softmaxOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

func (op softmaxOp) DoDiff(_ G.ExecutionContext, inputs G.Nodes, out *G.Node) error {
	return doDiff(op, inputs, out)
}

// softmaxVJPOp is (y, upstream gradient g) → gradient with respect to x, by way
// of the softmax's value y.
type softmaxVJPOp struct {
	signature
	plan softmaxPlan
}

func newSoftmaxVJPOp(p softmaxPlan) softmaxVJPOp {
	return softmaxVJPOp{p.sign("Grad", "y", "upstream gradient"), p}
}

func (op softmaxVJPOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, softmaxVJPKernel[float64](op), softmaxVJPKernel[float32](op))
}

func softmaxVJPKernel[F kernel.Float](op softmaxVJPOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F {
		return kernel.SoftmaxVJP(op.plan.shape, op.plan.axis, op.plan.logarithm, in[0], in[1])
	}
}

// derivative: the softmax's Jacobian is symmetric and so its own transpose; that
// of its logarithm is not.
func (op softmaxVJPOp) derivative(input int) (derivative, error) {
	switch {
	case input == 0:
		return derivative{newSoftmaxCurvatureOp(op.plan), []wire{0, 1, upstream}}, nil
	case op.plan.logarithm:
		return derivative{newLogSoftmaxJVPOp(op.plan), []wire{0, upstream}}, nil
	default:
		return derivative{newSoftmaxVJPOp(op.plan), []wire{0, upstream}}, nil
	}
}

func (op softmaxVJPOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

var (
	_ G.SDOp = softmaxOp{}
	_ G.ADOp = softmaxOp{}
	_ G.SDOp = softmaxVJPOp{}
)
