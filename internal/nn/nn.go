// Package nn has the Gorgonia ops that a small network spends its time in: a layer's
// bias with its activation, and the Bernoulli likelihood of pixels. Each does in one
// pass over the memory what takes Gorgonia's own ops three to six. Their derivatives
// are nodes like any other; there are no second derivatives.
package nn

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// AddBias is h + b, (B, n), with h (B, n) and b (1, n).
func AddBias(h, b *G.Node) (*G.Node, error) { return addBias("AddBias", h, b, false) }

// AddBiasReLU is max(0, h + b), (B, n), with h (B, n) and b (1, n).
func AddBiasReLU(h, b *G.Node) (*G.Node, error) { return addBias("AddBiasReLU", h, b, true) }

func addBias(name string, h, b *G.Node, relu bool) (*G.Node, error) {
	if err := check(h, b); err != nil {
		return nil, errors.WithMessage(err, name)
	}
	if s := h.Shape(); len(s) != 2 || !b.Shape().Eq(tensor.Shape{1, s[1]}) {
		return nil, errors.Errorf("%s: h has shape %v and b %v, expected (B, n) and (1, n)", name, s, b.Shape())
	}
	return G.ApplyOp(newBiasOp(name, h, b, relu), h, b)
}

// BernoulliNLL is −ln p(x) of each row of x, (B), in nats, where the elements are
// independent and element j of row i is 1 with probability sigmoid(l_ij):
//
//	Σ_j softplus(l_ij) − x_ij·l_ij,  softplus(l) = max(l, 0) + ln(1 + e^−|l|)
//
// l and x are (B, n), x in [0, 1]: grey values count as the mean over black and white.
// The sum is taken in float64. x is not differentiable.
func BernoulliNLL(l, x *G.Node) (*G.Node, error) {
	const name = "BernoulliNLL"
	if err := check(l, x); err != nil {
		return nil, errors.WithMessage(err, name)
	}
	if s := l.Shape(); len(s) != 2 || !x.Shape().Eq(s) {
		return nil, errors.Errorf("%s: l has shape %v and x %v, expected both (B, n)", name, s, x.Shape())
	}
	return G.ApplyOp(newBernoulliOp(name, l, x), l, x)
}

// check refuses what no op here can work with.
func check(nodes ...*G.Node) error {
	for i, n := range nodes {
		if n == nil {
			return errors.Errorf("input %d is nil", i)
		}
		if d := n.Dtype(); d != tensor.Float32 && d != tensor.Float64 || d != nodes[0].Dtype() {
			return errors.Errorf("input %d is of %v, expected all inputs in float32 or all in float64", i, d)
		}
	}
	return nil
}

// Columns is the part of a matrix x, (B, n), from column from to before column to,
// (B, to − from).
func Columns(x *G.Node, from, to int) (*G.Node, error) {
	const name = "Columns"
	if err := check(x); err != nil {
		return nil, errors.WithMessage(err, name)
	}
	if s := x.Shape(); len(s) != 2 || from < 0 || to <= from || to > s[1] {
		return nil, errors.Errorf("%s: columns %d to %d of shape %v, expected some of the columns of a matrix", name, from, to, s)
	}
	return G.ApplyOp(newColumnsOp(x, from, to), x)
}
