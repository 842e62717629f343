package kernel

import (
	"fmt"
	"math"
	"testing"
)

// TestHiddenTerms holds every path to the portable one where what a row kernel takes for 0
// or for 1 counts: subnormal probabilities beside huge log ratios, masses far from 1, and
// weights that are not finite.
func TestHiddenTerms(t *testing.T) { dtypes(t, testHiddenTerms[float32], testHiddenTerms[float64]) }

func testHiddenTerms[F Float](t *testing.T) {
	epsilon, underflow := epsilonOf[F]()
	for _, c := range []struct {
		pred, target Form
		x, t         []float64
		beta, weight float64
	}{
		{LogProbs, LogProbs, []float64{-2.5, -1e308}, []float64{-1e30, -720}, 0, 1},
		{LogProbs, LogProbs, []float64{-1e308, -1}, []float64{-720, 0}, 0, 1},
		{LogProbs, LogProbs, []float64{-1e308, -1}, []float64{-720, 0}, 0, 1e27},
		{Logits, LogProbs, []float64{-1e308, -1}, []float64{-720, 0.5}, 0, 1},
		{Logits, Logits, []float64{-1e308, -1, 0}, []float64{-720, 0, -2}, 0, 1},
		{LogProbs, LogProbs, []float64{32, 0, -1, -2}, []float64{32 - 1e-7, 0, -1, -2}, 0.5, 1},
		{LogProbs, LogProbs, []float64{31.5, 0}, []float64{31.5 - 0x1p-19, 0}, 0.5, 1},
		{LogProbs, LogProbs, []float64{22, 0}, []float64{22 - 0x1p-16, 0}, 0.5, 1},
		{LogProbs, LogProbs, []float64{25, 0}, []float64{24.99, 0}, 0x1p-19, 1},
		{LogProbs, LogProbs, []float64{-1, -1}, []float64{-inf, -inf}, 0, inf},
		{Probs, Probs, []float64{0.5, 0.5}, []float64{0, 0}, 0, nan},
		{Probs, Probs, []float64{0.5, 0.4, 0.3}, []float64{0.5, 0.5, 0}, 0, inf},
		{Logits, Probs, []float64{1, 2}, []float64{0, 0}, 0, inf},
		{LogProbs, LogProbs, []float64{-1, -1}, []float64{-0.7, -2}, 0, inf},
	} {
		n := len(c.x)
		p := newProblem(formPair{pred: c.pred, target: c.target}, []int{n}, 0, false)
		if c.beta != 0 {
			p.Family, p.Beta = JensenShannon, c.beta
		}
		in := Operands[F]{
			Pred: dense(convert[F](c.x), n), Target: dense(convert[F](c.t), n),
			Weight: View[F]{[]F{F(c.weight)}, []int{0}}, Upstream: View[F]{[]F{1}, []int{0}},
		}
		results := func(kinds []*rowKernels[F]) [][]F {
			in := in
			in.kinds = kinds
			return [][]F{Loss(p, &in), VJP(p, Pred, &in), VJP(p, Target, &in)}
		}
		want := results([]*rowKernels[F]{})
		for path, kinds := range paths[F]() {
			for k, got := range results(kinds) {
				for i, w := range float64s(want[k]) {
					g := float64(got[i])
					if !(g != g && w != w) && !near(g, w, 16*epsilon*math.Abs(w)+underflow) {
						t.Errorf("%s: result %d[%d] is %v, %v on the portable path", fmt.Sprintf("%+v on path %s", c, path), k, i, g, w)
					}
				}
			}
		}
	}
}
