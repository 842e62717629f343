package nn

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestLanes holds the float32 kernels to float64, for widths that are no multiple of
// theirs and for ones that take several products, at logits of every size.
func TestLanes(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, width := range []int{1, 7, 8, 9, 15, 16, 17, 784, productLength, productLength + 1, 2*productLength + 13} {
		l, x, y := make([]float32, width), make([]float32, width), make([]float32, width)
		l64, x64 := make([]float64, width), make([]float64, width)
		for i := range l {
			l[i], x[i] = float32(rng.NormFloat64()*math.Exp(8*rng.Float64()-3)), rng.Float32()
			y[i] = max(0, l[i])
			l64[i], x64[i] = float64(l[i]), float64(x[i])
		}
		got, want := make([]float32, 1), make([]float64, 1)
		bernoulli(got, [][]float32{l, x})
		bernoulli(want, [][]float64{l64, x64})
		if math.Abs(float64(got[0])-want[0]) > 2e-7*want[0] {
			t.Errorf("width %d: %v, expected %v", width, got[0], want[0])
		}
		const g = 0.3
		gradient, wantGradient, masked := make([]float32, width), make([]float64, width), make([]float32, width)
		bernoulliGrad(gradient, [][]float32{l, x, {g}})
		bernoulliGrad(wantGradient, [][]float64{l64, x64, {g}})
		mask(masked, [][]float32{y, gradient})
		for i, v := range gradient {
			if math.Abs(float64(v)-wantGradient[i]) > 1e-7 {
				t.Errorf("width %d: gradient at logit %v is %v, expected %v", width, l[i], v, wantGradient[i])
			}
			if want := v; l[i] > 0 && masked[i] != want || l[i] <= 0 && masked[i] != 0 {
				t.Errorf("width %d: of %v at %v the mask leaves %v", width, v, y[i], masked[i])
			}
		}
	}
}

// TestLanesTails takes logits where exp overflows, and ones that are no numbers.
func TestLanesTails(t *testing.T) {
	for _, c := range []struct{ l, x, nats, gradient float64 }{
		{-1e4, 0, 0, 0},
		{-1e4, 1, 1e4, -1},
		{1e4, 1, 0, 0},
		{1e4, 0, 1e4, 1},
		{0, 0.5, math.Ln2, 0},
		{-20, 0, math.Exp(-20), math.Exp(-20)},
		{math.NaN(), 0, math.NaN(), math.NaN()},
	} {
		l, x := make([]float32, lanes), make([]float32, lanes)
		for i := range l {
			l[i], x[i] = float32(c.l), float32(c.x)
		}
		nats, gradient := make([]float32, 1), make([]float32, lanes)
		bernoulli(nats, [][]float32{l, x})
		bernoulliGrad(gradient, [][]float32{l, x, {1}})
		near := func(got float32, want float64) bool {
			return math.Abs(float64(got)-want) <= 1e-6*math.Abs(want) || math.IsNaN(float64(got)) && math.IsNaN(want)
		}
		if !near(nats[0], lanes*c.nats) {
			t.Errorf("logit %v, x %v: %v nats, expected %v", c.l, c.x, nats[0], lanes*c.nats)
		}
		for _, g := range gradient {
			if !near(g, c.gradient) && math.Abs(float64(g)-c.gradient) > 1e-37 {
				t.Errorf("logit %v, x %v: gradient %v, expected %v", c.l, c.x, g, c.gradient)
			}
		}
	}
}
