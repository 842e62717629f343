package kldivloss

import (
	"fmt"

	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
)

// temperatureOp is logits divided by a temperature: x → x/T.
type temperatureOp struct {
	signature
	temperature float64
}

// divided returns n/T, of a constant a constant.
func divided(n *G.Node, temperature float64) (*G.Node, error) {
	s, err := signLike(n, "Temperature", n.Shape(), 1, true)
	if err != nil {
		return nil, err
	}
	s.attrs = fmt.Sprint(temperature)
	op := temperatureOp{s, temperature}
	if constant, ok := constantOf(n); ok {
		v, err := op.Do(constant)
		if err != nil {
			return nil, err
		}
		return G.NewConstant(v, G.WithName(fmt.Sprintf("%s at temperature %v", n.Name(), temperature))), nil
	}
	return G.ApplyOp(op, n)
}

func (op temperatureOp) Do(inputs ...G.Value) (G.Value, error) {
	return op.run(inputs, temperatureKernel[float64](op), temperatureKernel[float32](op))
}

func temperatureKernel[F kernel.Float](op temperatureOp) func([]kernel.View[F]) []F {
	return func(in []kernel.View[F]) []F { return kernel.Quotient(op.out, in[0], op.temperature) }
}

// derivative: the op is linear.
func (op temperatureOp) derivative(int) (derivative, error) {
	return derivative{op, []wire{upstream}}, nil
}

func (op temperatureOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	return symDiff(op, op.DiffWRT(len(inputs)), inputs, out, grad)
}

func (op temperatureOp) DoDiff(_ G.ExecutionContext, inputs G.Nodes, out *G.Node) error {
	return doDiff(op, inputs, out)
}

var (
	_ G.SDOp = temperatureOp{}
	_ G.ADOp = temperatureOp{}
)
