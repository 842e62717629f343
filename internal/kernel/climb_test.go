package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// repeated is a row of a few values, each with as many classes: what equal terms are
// rounded by does not average out.
type repeated struct {
	values [2][]float64 // logits, by side
	counts []int
}

func newRepeated(rng *rand.Rand) repeated {
	c := repeated{counts: make([]int, 2+rng.IntN(3))}
	for i := range c.counts {
		c.counts[i] = 1
		if rng.IntN(2) == 0 {
			c.counts[i] += rng.IntN(80)
		}
	}
	for side := range c.values {
		c.values[side] = logits(rng, len(c.counts), math.Exp(4*rng.Float64()-2))
		if rng.IntN(3) == 0 { // far below the first
			far, spread := 5+75*rng.Float64(), rng.Float64()
			for i := range c.values[side] {
				if i > 0 {
					c.values[side][i] = spread*c.values[side][i] - far
				}
			}
		}
	}
	return c
}

// moved is the row with up to three values changed a little, or a lot.
func (c repeated) moved(rng *rand.Rand) repeated {
	for side := range c.values {
		c.values[side] = slices.Clone(c.values[side])
	}
	size := math.Exp(-8 * rng.Float64())
	for range 1 + rng.IntN(3) {
		c.values[rng.IntN(2)][rng.IntN(len(c.counts))] += size * rng.NormFloat64()
	}
	return c
}

func (c repeated) expanded(side Side) (row []float64) {
	for i, n := range c.counts {
		row = append(row, repeat(c.values[side][i], n)...)
	}
	return row
}

// results are what overBounds looks at.
var results = [3]string{"loss", "gradient of pred", "gradient of the target"}

// overBounds returns the results' errors in units of their bounds.
func overBounds[F Float](pair formPair, c repeated, kinds []*rowKernels[F]) (over [3]float64) {
	epsilon, underflow := epsilonOf[F]()
	x, t := encode[F](pair.pred, c.expanded(Pred)), encode[F](pair.target, c.expanded(Target))
	n := len(x)
	p := newProblem(pair, []int{n}, 0, false)
	in := &Operands[F]{Pred: dense(x, n), Target: dense(t, n), Upstream: View[F]{[]F{1}, []int{0}}, kinds: kinds}
	want := newDefinition(pair, repeat(1.0, n), float64s(x), float64s(t)).bounded(epsilon, false)
	worst := func(got []F, want, bounds []float64) (worst float64) {
		for i, w := range want {
			worst = max(worst, math.Abs(float64(got[i])-w)/(bounds[i]+underflow))
		}
		return worst
	}
	over[0] = worst(Loss(p, in), want.loss, want.lossError)
	for _, wrt := range sides {
		over[1+wrt] = worst(VJP(p, wrt, in), want.gradient[wrt], want.gradientError[wrt])
	}
	return over
}

func (c repeated) hold(t *testing.T, name string, over [3]float64) {
	t.Helper()
	for i, over := range over {
		if over > 1 {
			t.Errorf("%s: the %s is %.2f times its bound away: %v", name, results[i], over, c)
		}
	}
}

// TestBoundsUnderSearch looks for rows that break the bounds by climbing from random
// ones to worse: what is far from the truth by chance is not met otherwise.
func TestBoundsUnderSearch(t *testing.T) {
	dtypes(t, testBoundsUnderSearch[float32], testBoundsUnderSearch[float64])
}

func testBoundsUnderSearch[F Float](t *testing.T) {
	const starts, steps = 8, 80 // on each path, for each result
	all := paths[F]()
	var names []string
	for path := range all {
		names = append(names, path)
	}
	slices.Sort(names)
	for _, pair := range formPairs(0) {
		var worst [3]float64
		rng := newRand(83)
		for _, path := range names {
			for start := range starts * len(results) {
				sought := start % len(results)
				row := newRepeated(rng)
				most := overBounds(pair, row, all[path])
				for range steps {
					next := row.moved(rng)
					if over := overBounds(pair, next, all[path]); over[sought] > most[sought] {
						row, most = next, over
					}
				}
				row.hold(t, fmt.Sprintf("%v on path %s", pair, path), most)
				worst[sought] = max(worst[sought], most[sought])
			}
		}
		t.Logf("%v: worst error over bound %.2v", pair, worst)
	}
}

// TestBoundsOnSoughtRows holds every path to the bounds on rows that longer searches
// found to break them: equal terms in sums of float32 and float64, beside one that
// dominates or not, and logits that log2 e, rounded to float32, is too short for.
func TestBoundsOnSoughtRows(t *testing.T) {
	dtypes(t, testBoundsOnSoughtRows[float32], testBoundsOnSoughtRows[float64])
}

func testBoundsOnSoughtRows[F Float](t *testing.T) {
	for _, row := range []repeated{
		{[2][]float64{{0.3647, -1.5465, -8.8663}, {-3.0192, 6.3614, -5.8637}}, []int{1, 1, 72}},
		{[2][]float64{{-1.9541, -30.4681, -30.6392}, {0.1221, -0.1663, -12.3672}}, []int{32, 1, 1}},
		{[2][]float64{{4.9900427830, 2.9039371800, 1.4013676877}, {9.2468172925, -6.498741690, -32.3463089}}, []int{1, 17, 1}},
		{[2][]float64{{-0.6874506047921967, -2.9588862220899674, -0.4676174706738679, 1.4762863839073468}, {1.2665911976162565, -9.891855871986866, -9.912530547184373, -10.836072274763323}}, []int{1, 67, 1, 1}},
		{[2][]float64{{-83.1, -0.3, 0}, {-81.7, 0, -2}}, []int{1, 1, 1}},
	} {
		for _, pair := range formPairs(0) {
			for path, kinds := range paths[F]() {
				row.hold(t, fmt.Sprintf("%v on path %s", pair, path), overBounds(pair, row, kinds))
			}
		}
	}
	for _, n := range []int{31, 64, 129, 256, 1000} {
		rng := newRand(84)
		for range 40 {
			row := repeated{[2][]float64{{1, 1 + rng.Float64()}, {2, 2 + rng.Float64()}}, []int{1, n}}
			for _, pair := range formPairs(0) {
				for path, kinds := range paths[F]() {
					row.hold(t, fmt.Sprintf("%v on path %s", pair, path), overBounds(pair, row, kinds))
				}
			}
		}
	}
}
