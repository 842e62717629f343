package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// spread says how the logits of a random row are drawn.
type spread struct {
	sigma float64
	gap   float64 // of the target's from the prediction's; 0 draws them independently
}

var spreads = []spread{{sigma: 1e-8}, {sigma: 1, gap: 1e-8}, {sigma: 0.1}, {sigma: 1}, {sigma: 10}, {sigma: 50}, {sigma: 30, gap: 1}}

func (s spread) draw(rng *rand.Rand, n int) (pred, target []float64) {
	pred, target = logits(rng, n, s.sigma), logits(rng, n, s.sigma)
	if s.gap != 0 {
		target = logits(rng, n, s.gap)
		for i := range target {
			target[i] += pred[i]
		}
	}
	return pred, target
}

// trial is one random row in a pair of forms.
type trial[F Float] struct {
	pair        formPair
	elementwise bool // every class has an upstream gradient of its own
	x, t, g     []F
	tangent     [2][]F // by side

	kinds []*rowKernels[F] // nil is what the machine has
}

func newTrial[F Float](rng *rand.Rand, pair formPair, s spread, n int, elementwise bool) trial[F] {
	x, t := s.draw(rng, n)
	c := trial[F]{pair: pair, elementwise: elementwise, x: encode[F](pair.pred, x), t: encode[F](pair.target, t)}
	c.g = repeat(F(rng.NormFloat64()), n)
	if elementwise {
		c.g = convert[F](logits(rng, n, 1))
	}
	c.tangent = [2][]F{tangentOf(rng, pair.pred, c.x), tangentOf(rng, pair.target, c.t)}
	return c
}

// tangentOf draws a tangent of the scale of what it moves.
func tangentOf[F Float](rng *rand.Rand, form Form, x []F) []F {
	v := convert[F](logits(rng, len(x), 1))
	if form == Probs {
		for i := range v {
			v[i] *= x[i]
		}
	}
	return v
}

// operands returns the row as the kernels want it, with the tangent of a side.
func (c trial[F]) operands(along Side) *Operands[F] {
	n := len(c.x)
	upstream := View[F]{c.g, []int{0}}
	if c.elementwise {
		upstream = dense(c.g, n)
	}
	return &Operands[F]{Pred: dense(c.x, n), Target: dense(c.t, n), Upstream: upstream, Tangent: dense(c.tangent[along], n), kinds: c.kinds}
}

func (c trial[F]) problem() Problem {
	return newProblem(c.pair, []int{len(c.x)}, 0, c.elementwise)
}

// widths returns the numbers of classes. The widest are for one epsilon: their
// reference is slow.
func widths(epsilon float64) (w []int) {
	for n := 1; n <= 33; n++ {
		w = append(w, n)
	}
	if epsilon == 0 {
		w = append(w, 64, 129, 1000)
	}
	return w
}

func TestAccuracy(t *testing.T) { dtypes(t, testAccuracy[float32], testAccuracy[float64]) }

// The bounds are those of SEMANTICS.md with two readings spelt out. Gradients
// with respect to the target's logits multiply p by log ratios, so their scale
// is the sum of the magnitudes of those terms. And float64 arithmetic rounds
// logarithms before it subtracts them, so 2^-52·(|log p| + |log q|) joins
// ε·|log p − log q| unless both sides are Probs or both are LogProbs.
func testAccuracy[F Float](t *testing.T) {
	rng := newRand(2)
	for k, pair := range formPairs(0, 1e-12, 0.25) {
		worst := map[string]float64{}
		for i, n := range widths(pair.epsilon) {
			for j, s := range spreads {
				if n != 7 && j != (i+k)%len(spreads) {
					continue // every spread at width 7, one elsewhere
				}
				elementwise := (i+j)%2 == 0
				name := fmt.Sprintf("%v n=%d %+v elementwise=%v", pair, n, s, elementwise)
				newTrial[F](rng, pair, s, n, elementwise).check(t, name, worst)
			}
		}
		t.Logf("%v: worst error over bound %.2v", pair, worst)
	}
}

// widestSecond is the widest row whose second derivatives are checked.
const widestSecond = 9

func (c trial[F]) check(t *testing.T, name string, worst map[string]float64) {
	t.Helper()
	m := newReference(c.pair, bigRowOf(c.g), bigRowOf(c.x), bigRowOf(c.t))
	c.checkFirst(t, name, m, worst)
	if len(c.x) > widestSecond {
		return
	}
	for _, a := range sides {
		for _, wrt := range sides {
			c.checkHVP(t, name, m, a, wrt, worst)
		}
	}
}

func (c trial[F]) checkHVP(t *testing.T, name string, m reference, along, wrt Side, worst map[string]float64) {
	t.Helper()
	epsilon, _ := epsilonOf[F]()
	got, want := HVP(c.problem(), along, wrt, c.operands(along)), m.hvp(along, bigRowOf(c.tangent[along]))[wrt]
	compare(t, name, fmt.Sprintf("∂%v∂%v", along, wrt), got, want, c.magnitudes(m, along).hvp(along, wrt), 8*epsilon, worst)
}

// TestHVPBesideOffsetTargets: equal log-probabilities far from 0 are all exponentiated
// with one error, which grows with them unless log2 e has two parts.
func TestHVPBesideOffsetTargets(t *testing.T) {
	dtypes(t, testHVPBesideOffsetTargets[float32], testHVPBesideOffsetTargets[float64])
}

func testHVPBesideOffsetTargets[F Float](t *testing.T) {
	const n = 64
	pair := formPair{pred: Logits, target: LogProbs}
	for _, logProb := range []F{-30.987, -29.3436, -26.0568, -20, 26.0568} {
		c := trial[F]{pair: pair, x: make([]F, n), t: repeat(logProb, n), g: repeat[F](1, n)}
		c.tangent[Pred] = make([]F, n)
		c.tangent[Pred][0] = 1
		m := newReference(pair, bigRowOf(c.g), bigRowOf(c.x), bigRowOf(c.t))
		for path, kinds := range paths[F]() {
			c.kinds = kinds
			c.checkHVP(t, fmt.Sprintf("log p = %v on path %s", logProb, path), m, Pred, Pred, map[string]float64{})
		}
	}
}

func (c trial[F]) magnitudes(m reference, along Side) magnitudes {
	epsilon, _ := epsilonOf[F]()
	return newMagnitudes(m, float64s(c.tangent[along]), 0x1p-52/epsilon)
}

// checkFirst checks the loss and its gradients.
func (c trial[F]) checkFirst(t *testing.T, name string, m reference, worst map[string]float64) {
	t.Helper()
	epsilon, _ := epsilonOf[F]()
	b := c.magnitudes(m, Pred)
	want, scale := m.elements(), b.elements()
	if !c.elementwise {
		want, scale = bigRow{want.sum()}, []float64{total(scale)}
	}
	for _, in := range []*Operands[F]{c.operands(Pred), noted(c.problem(), c.operands(Pred))} {
		compare(t, name, "loss", Loss(c.problem(), in), want, scale, 4*epsilon, worst)
		for _, a := range sides {
			compare(t, name, "∂"+a.String(), VJP(c.problem(), a, in), m.gradient(a), b.gradient(a), 8*epsilon, worst)
		}
	}
}

// compare fails unless got is within factor × scale of want, and notes the worst ratio.
func compare[F Float](t *testing.T, name, what string, got []F, want bigRow, scale []float64, factor float64, worst map[string]float64) {
	t.Helper()
	ratio, i := errorOver(got, want, scale, factor)
	worst[what] = max(worst[what], ratio)
	if ratio > 1 {
		t.Errorf("%s: %s[%d] = %g, want %.20g: error is %.3g × its bound", name, what, i, got[i], want[i], ratio)
	}
}

// errorOver returns the largest error in units of its bound, and where it is.
func errorOver[F Float](got []F, want bigRow, scale []float64, factor float64) (ratio float64, at int) {
	_, underflow := epsilonOf[F]()
	ratios := make([]float64, len(got))
	for i, x := range got {
		ratios[i] = math.Inf(1)
		if f := float64(x); !math.IsNaN(f) && !math.IsInf(f, 0) {
			diff, _ := minus(number(f), want[i]).Float64()
			ratios[i] = math.Abs(diff) / (factor*scale[i] + underflow)
		}
	}
	ratio = slices.Max(ratios)
	return ratio, slices.Index(ratios, ratio)
}
