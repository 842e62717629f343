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
		sum := 0.0
		for len(l) > productLength {
			sum += bernoulliTerms(l[:productLength], x)
			l, x = l[productLength:], x[productLength:]
		}
		out[i] = F(sum + bernoulliTerms(l, x))
	}
}

// bernoulliTerms sums up to productLength terms.
func bernoulliTerms[F float](l, x []F) float64 {
	sum, product := 0.0, 1.0
	done := vectorised[F](len(l))
	if done > 0 {
		var sums, products [lanes]float64
		bernoulliLanes(done, first(l), first(x), &lanesConstants, &sums, &products)
		for i := range sums {
			sum += sums[i]
			product *= products[i]
		}
	}
	for j := done; j < len(l); j++ {
		v, x := float64(l[j]), float64(x[j])
		sum += max(v, 0) - v*x
		// One logarithm for many factors: ln(1 + a) + ln(1 + b) = ln((1 + a)(1 + b)).
		product *= 1 + math.Exp(-math.Abs(v))
	}
	return sum + math.Log(product)
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
		done := vectorised[F](width)
		if done > 0 {
			bernoulliGradLanes(done, first(l), first(x), first(row), &lanesConstants, float32(g))
		}
		for j := done; j < width; j++ {
			row[j] = g * (F(1/(1+math.Exp(-float64(l[j])))) - x[j])
		}
	}
}

var _ G.SDOp = bernoulliOp{}
