package nn

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// biasOp is (h, b) → h + b, or its positive part.
type biasOp struct {
	signature
	relu bool
}

func newBiasOp(name string, h, b *G.Node, relu bool) biasOp {
	return biasOp{signature{name, h.Dtype(), []tensor.Shape{h.Shape(), b.Shape()}, h.Shape(), []bool{true, true}}, relu}
}

func (op biasOp) Do(values ...G.Value) (G.Value, error) {
	if op.relu {
		return op.run(values, biasReLU[float32], biasReLU[float64])
	}
	return op.run(values, bias[float32], bias[float64])
}

func bias[F float](out []F, in [][]F) {
	b := in[1]
	for len(out) > 0 {
		row, h := out[:len(b)], in[0][:len(b)]
		for j, v := range b {
			row[j] = h[j] + v
		}
		out, in[0] = out[len(b):], in[0][len(b):]
	}
}

func biasReLU[F float](out []F, in [][]F) {
	b := in[1]
	for len(out) > 0 {
		row, h := out[:len(b)], in[0][:len(b)]
		for j, v := range b {
			row[j] = max(0, h[j]+v)
		}
		out, in[0] = out[len(b):], in[0][len(b):]
	}
}

func (op biasOp) SymDiff(inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	if op.relu {
		var err error
		mask := maskOp{signature{op.name + "Grad", op.dtype, []tensor.Shape{op.out, op.out}, op.out, []bool{false, false}}}
		if grad, err = G.ApplyOp(mask, out, grad); err != nil {
			return nil, err
		}
	}
	columns := columnSumOp{signature{"ColumnSum", op.dtype, []tensor.Shape{op.out}, op.inputs[1], []bool{false}}}
	db, err := G.ApplyOp(columns, grad)
	return G.Nodes{grad, db}, err
}

// maskOp is (y, g) → g where y > 0, else 0: the gradient of a positive part y.
type maskOp struct{ signature }

func (op maskOp) Do(values ...G.Value) (G.Value, error) {
	return op.run(values, mask[float32], mask[float64])
}

func mask[F float](out []F, in [][]F) {
	y, g := in[0], in[1]
	done := vectorised[F](len(out))
	if done > 0 {
		maskLanes(done, first(y), first(g), first(out))
	}
	for i := done; i < len(out); i++ {
		if y[i] > 0 {
			out[i] = g[i]
		}
	}
}

// columnSumOp sums a matrix (B, n) over its rows, (1, n).
type columnSumOp struct{ signature }

func (op columnSumOp) Do(values ...G.Value) (G.Value, error) {
	return op.run(values, columnSum[float32], columnSum[float64])
}

func columnSum[F float](out []F, in [][]F) {
	for h := in[0]; len(h) > 0; h = h[len(out):] {
		for j, v := range h[:len(out)] {
			out[j] += v
		}
	}
}

var _ G.SDOp = biasOp{}
