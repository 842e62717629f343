package kldivloss

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func logs(x []float64) []float64 {
	out := make([]float64, len(x))
	for i := range x {
		out[i] = math.Log(x[i])
	}
	return out
}

// TestPublished holds the numbers that other projects print to the digits they
// print.
func TestPublished(t *testing.T) {
	dist1 := []float64{0.2, 0.5, 0.2, 0.1}
	dist2 := []float64{0.3, 0.4, 0.1, 0.2}
	dist3 := []float64{0.1, 0.1, 0.1, 0.7}
	optaxLogQ := []float64{-2.9957, -3.5066, -3.9120, -1.2040, -0.6931, -2.3026, -1.6094, -1.6094, -1.6094, -2.3026, -1.8971, -1.8971}
	optaxP := []float64{.2, .2, .2, .1, .15, .15, .05, .03, .02, .3, .5, 0}
	burnLogQ, burnP := []float64{-1, -.5, -2, -.2}, []float64{.4, .6, .1, .9}
	tfpP, tfpQ := []float64{0, .5, .5}, []float64{.2, .2, .6}
	for _, c := range []struct {
		name         string // and source
		dtype        tensor.Dtype
		pred, target []float64
		shape        []int
		opts         []Option
		want         []float64
		tolerance    float64
	}{
		{"Gluon tutorial: distributions 1 and 2", tensor.Float32, logs(dist1), dist2, []int{1, 4}, nil, []float64{0.025424212217330933}, 1e-8},
		{"Gluon tutorial: distributions 1 and 3", tensor.Float32, logs(dist1), dist3, []int{1, 4}, nil, []float64{0.2656409740447998}, 1e-7},
		{"Gluon tutorial: distribution 1 and itself", tensor.Float64, dist1, dist1, []int{1, 4}, []Option{WithPredForm(Probs)}, []float64{0}, 0},
		{"Gluon tutorial: from logits", tensor.Float32, logs(dist1), dist2, []int{1, 4}, []Option{WithFromLogits(false)}, []float64{0.025424206629395485}, 1e-8},
		{"Gluon tutorial: the true divergence", tensor.Float32, logs(dist1), dist2, []int{1, 4}, []Option{WithReduction(ReductionPerDistribution)}, []float64{0.10169682996275987}, 1e-7},
		{"Gluon issue 18506: summed", tensor.Float32, []float64{1, 2, 3}, []float64{0, 1, 0}, []int{1, 3}, []Option{WithFromLogits(false), WithReduction(ReductionSum)}, []float64{1.4076059}, 1e-7},
		{"Gluon issue 18506: averaged", tensor.Float32, []float64{1, 2, 3}, []float64{0, 1, 0}, []int{1, 3}, []Option{WithFromLogits(false)}, []float64{0.46920195}, 1e-7},
		{"optax kl_divergence test", tensor.Float32, optaxLogQ, optaxP, []int{2, 6}, []Option{WithReduction(ReductionPerDistribution)}, []float64{0.8875577, 0.7592807}, 1e-6},
		{"Burn kl_div test: elements", tensor.Float64, burnLogQ, burnP, []int{2, 2}, []Option{WithReduction(ReductionNone)}, []float64{.0334837, -.0064954, -.0302585, .0851755}, 5e-8},
		{"Burn kl_div test: sum", tensor.Float64, burnLogQ, burnP, []int{2, 2}, []Option{WithReduction(ReductionSum)}, []float64{.08190536}, 5e-9},
		{"Burn kl_div test: batch mean", tensor.Float64, burnLogQ, burnP, []int{2, 2}, []Option{WithReduction(ReductionBatchMean)}, []float64{.04095268}, 5e-9},
		{"TFP categorical", tensor.Float64, tfpQ, tfpP, []int{3}, []Option{WithPredForm(Probs), WithReduction(ReductionSum)}, []float64{0.3669845875}, 1e-10},
		{"TFP categorical, reversed", tensor.Float64, tfpP, tfpQ, []int{3}, []Option{WithPredForm(Probs), WithReduction(ReductionSum)}, []float64{math.Inf(1)}, 0},
		{"scipy.stats.entropy: a fair and a biased coin", tensor.Float64, []float64{0.9, 0.1}, []float64{0.5, 0.5}, []int{2}, []Option{WithPredForm(Probs), WithReduction(ReductionSum)}, []float64{0.5108256237659907}, 1e-15},
		{"Gluon's log(p+1e-12) of equal distributions", tensor.Float64, dist1, dist1, []int{1, 4}, []Option{WithPredForm(Probs), WithEpsilon(1e-12), WithReduction(ReductionSum)}, []float64{4e-12}, 1e-15},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := G.NewGraph()
			pred := input(g, "pred", c.dtype, c.pred, c.shape...)
			target := input(g, "target", c.dtype, c.target, c.shape...)
			loss := must(t)(KLDivLoss(pred, target, c.opts...))
			assertClose(t, "loss", runTape(t, loss)[0], c.want, c.tolerance)
		})
	}
}
