package nn

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// bernoulliOp is (l, x) → −ln p of each row.
type bernoulliOp struct{ signature }

func newBernoulliOp(name string, l, x *G.Node) bernoulliOp {
	shape := l.Shape()
	return bernoulliOp{signature{name, l.Dtype(), []tensor.Shape{shape, shape}, shape[:1], []bool{true, false}}}
}

func (op bernoulliOp) Do(values ...G.Value) (G.Value, error) {
	return op.run(values, bernoulli[float32], bernoulli[float64])
}

// productLength is how many factors 1 + e^−|l|, each at most 2, have a product that
// float64 holds.
const productLength = 1000

func bernoulli[F float](out []F, in [][]F) {
	width := len(in[0]) / len(out)
	for i := range out {
		l, x := in[0][i*width:][:width], in[1][i*width:][:width]
		sum, product := 0.0, 1.0
		for j, v := range l {
			v, x := float64(v), float64(x[j])
			sum += max(v, 0) - v*x
			// One logarithm for many factors: ln(1 + a) + ln(1 + b) = ln((1 + a)(1 + b)).
			product *= 1 + math.Exp(-math.Abs(v))
			if j%productLength == productLength-1 {
				sum, product = sum+math.Log(product), 1
			}
		}
		out[i] = F(sum + math.Log(product))
	}
}

func (op bernoulliOp) SymDiff(inputs G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	shape := op.inputs[0]
	vjp := bernoulliGradOp{signature{op.name + "Grad", op.dtype, []tensor.Shape{shape, shape, op.out}, shape, []bool{false, false, false}}}
	dl, err := G.ApplyOp(vjp, inputs[0], inputs[1], grad)
	return G.Nodes{dl, nil}, err
}

// bernoulliGradOp is (l, x, g) → g_i·(sigmoid(l_ij) − x_ij).
type bernoulliGradOp struct{ signature }

func (op bernoulliGradOp) Do(values ...G.Value) (G.Value, error) {
	return op.run(values, bernoulliGrad[float32], bernoulliGrad[float64])
}

func bernoulliGrad[F float](out []F, in [][]F) {
	width := len(out) / len(in[2])
	for i, g := range in[2] {
		row, l, x := out[i*width:][:width], in[0][i*width:][:width], in[1][i*width:][:width]
		for j, v := range l {
			row[j] = g * (F(1/(1+math.Exp(-float64(v)))) - x[j])
		}
	}
}

var _ G.SDOp = bernoulliOp{}
