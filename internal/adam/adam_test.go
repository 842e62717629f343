package adam

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDescend is worked by hand: the first step is rate·g/(|g| + ε) whatever the decays.
func TestDescend(t *testing.T) {
	const epsilon = 1e-5
	a := New[float64](2, epsilon)
	theta := []float64{1, 2}
	near := func(step string, i int, want float64) {
		t.Helper()
		if math.Abs(theta[i]-want) > 1e-14 {
			t.Errorf("%s: parameter %d is %v, want %v", step, i, theta[i], want)
		}
	}
	a.Descend(theta, 0.1, []float64{0.5, -2})
	near("first step", 0, 1-0.1*0.5/(0.5+epsilon))
	near("first step", 1, 2+0.1*2/(2+epsilon))
	a.Descend(theta, 0.1, []float64{0}, []float64{0})
	first := 0.9 * 0.1 * 0.5 / (1 - 0.81)
	second := math.Sqrt(0.999 * 0.001 * 0.25 / (1 - 0.999*0.999))
	near("second step", 0, 1-0.1*0.5/(0.5+epsilon)-0.1*first/(second+epsilon))
}

// TestKernel compares the kernels' steps with the loop's in Go, for lengths that are no
// multiple of theirs.
func TestKernel(t *testing.T) {
	const epsilon = 1e-8
	rng := rand.New(rand.NewPCG(1, 2))
	for size := range 3*lanes + 2 {
		fast, plain := New[float32](size, epsilon), New[float32](size, epsilon)
		theta := make([]float32, size)
		for i := range theta {
			theta[i] = float32(rng.NormFloat64())
		}
		expected := slices.Clone(theta)
		gradient := make([]float32, size)
		for n := 1; n <= 4; n++ {
			for i := range gradient {
				gradient[i] = float32(rng.NormFloat64() * math.Exp(20*rng.Float64()-15))
			}
			fast.Descend(theta, 0.01, gradient[:size/3], gradient[size/3:])
			s := &step[float32]{decay1, 1 - decay1, decay2, 1 - decay2,
				float32(0.01 / (1 - math.Pow(decay1, float64(n)))), float32(1 / math.Sqrt(1-math.Pow(decay2, float64(n)))), epsilon}
			s.descend(expected, plain.First, plain.Second, gradient)
			for i, want := range expected {
				for _, c := range []struct {
					what      string
					got, want float32
				}{{"parameter", theta[i], want}, {"first moment", fast.First[i], plain.First[i]}, {"second moment", fast.Second[i], plain.Second[i]}} {
					if c.got != c.want {
						t.Errorf("%d parameters, step %d: %s %d is %v, expected %v", size, n, c.what, i, c.got, c.want)
					}
				}
			}
		}
	}
}
