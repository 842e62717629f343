package kernel

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestSum(t *testing.T) {
	const huge = math.MaxFloat64
	for _, c := range []struct {
		terms []float64
		want  float64
	}{
		{nil, 0},
		{[]float64{1, 1e100, 1, -1e100}, 2},
		{[]float64{1e100, 1, -1e100}, 1},
		{[]float64{1, 0x1p-60, -1}, 0x1p-60},
		{[]float64{huge, -huge, 3}, 3},
		{[]float64{inf, 1, 2}, inf},
		{[]float64{1, inf, 2}, inf},
		{[]float64{1, 2, -inf}, -inf},
		{[]float64{inf, -inf}, nan},
		{[]float64{-inf, 1, inf}, nan},
		{[]float64{1, nan, 2}, nan},
		{[]float64{nan, inf}, nan},
		{[]float64{huge, huge}, inf},
		{[]float64{huge, huge, 1}, inf},
		{[]float64{-huge, -huge}, -inf},
	} {
		if got := total(c.terms); !near(got, c.want, 0) && !(math.IsNaN(got) && math.IsNaN(c.want)) {
			t.Errorf("sum of %v = %v, want %v", c.terms, got, c.want)
		}
	}
}

// The error of a long sum of mixed signs stays within ε of the result and a
// second-order term of the magnitudes.
func TestSumAccuracy(t *testing.T) {
	rng := newRand(7)
	for range 50 {
		x := logits(rng, 2000, 1)
		for i := range x {
			x[i] = math.Ldexp(x[i], rng.IntN(80)-40)
		}
		terms := bigRowOf(x)
		want, _ := terms.sum().Float64()
		var magnitude float64
		for _, xi := range x {
			magnitude += math.Abs(xi)
		}
		if got := total(x); !near(got, want, 0x1p-52*math.Abs(want)+0x1p-80*magnitude) {
			t.Errorf("sum = %v, want %v", got, want)
		}
		products, _ := terms.times(terms).sum().Float64()
		if got := dot(x, x); !near(got, products, 0x1p-51*products) {
			t.Errorf("dot = %v, want %v", got, products)
		}
	}
}

func TestDotSkipsZeros(t *testing.T) {
	if got := dot([]float64{0, 2, 0}, []float64{nan, 3, inf}); got != 6 {
		t.Errorf("dot = %v, want 6", got)
	}
}

func TestSoftmax(t *testing.T) { dtypes(t, testSoftmax[float32], testSoftmax[float64]) }

func testSoftmax[F Float](t *testing.T) {
	rng := newRand(8)
	epsilon, underflow := epsilonOf[F]()
	for n := 1; n <= 40; n++ {
		for _, s := range spreads {
			x := convert[F](logits(rng, n, s.sigma))
			name := fmt.Sprintf("n=%d %+v", n, s)
			prob, logarithm := distribution(Logits, 0, bigRowOf(x))
			scale := prob.floats()
			condition(Logits, scale, float64s(x))
			y := Softmax([]int{n}, 0, false, dense(x, n))
			if ratio, i := errorOver(y, prob, scale, 8*epsilon); ratio > 1 {
				t.Errorf("%s: softmax[%d] = %g, want %.20g", name, i, y[i], prob[i])
			}
			scale = logSoftmaxScale(x, prob.floats(), logarithm.floats(), 0x1p-52/epsilon)
			if ratio, i := errorOver(Softmax([]int{n}, 0, true, dense(x, n)), logarithm, scale, 2*epsilon); ratio > 1 {
				t.Errorf("%s: log softmax[%d] is off by %.3g of its bound, want %.20g", name, i, ratio, logarithm[i])
			}
			if sum := total(float64s(y)); !near(sum, 1, epsilon*2+underflow) {
				t.Errorf("%s: softmax sums to %v", name, sum)
			}
			for i := range x {
				x[i] = F(math.Round(float64(x[i])))
			}
			unshifted := Softmax([]int{n}, 0, true, dense(x, n))
			for i := range x {
				x[i] += 1 << 10
			}
			equalBits(t, name+": log softmax, shifted", Softmax([]int{n}, 0, true, dense(x, n)), unshifted)
		}
	}
}

func TestSoftmaxCorners(t *testing.T) {
	for _, c := range []struct{ x, want, logWant []float64 }{
		{[]float64{1e3, -1e3}, []float64{1, 0}, []float64{0, -2000}},
		{[]float64{-inf, 5}, []float64{0, 1}, []float64{-inf, 0}},
		{[]float64{-inf, -inf}, undefined, undefined},
		{[]float64{inf, 0}, undefined, undefined},
		{[]float64{nan, inf}, undefined, undefined},
		{[]float64{0, nan}, undefined, undefined},
	} {
		for logarithm, want := range map[bool][]float64{false: c.want, true: c.logWant} {
			name := fmt.Sprintf("softmax(%v), logarithm=%v", c.x, logarithm)
			same(t, name, Softmax([]int{2}, 0, logarithm, dense(c.x, 2)), want)
			same(t, name+" float32", Softmax([]int{2}, 0, logarithm, dense(convert[float32](c.x), 2)), want)
		}
	}
}

// logSoftmaxScale adds to |log p| what rounding x − max x makes of the sum of
// exponentials. The class with nearly all of the probability has a logarithm
// near 0 and is held to that, not to the magnitude of the logits.
func logSoftmaxScale[F Float](x []F, prob, logarithm []float64, rounding float64) []float64 {
	top := slices.Max(x)
	var shift float64
	for i, p := range prob {
		shift += p * float64(top-x[i])
	}
	scale := make([]float64, len(x))
	for i, l := range logarithm {
		scale[i] = math.Abs(l) + rounding*shift
	}
	return scale
}
