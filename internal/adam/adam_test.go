package adam

import (
	"math"
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
	a.Descend(theta, []float64{0.5, -2}, 0.1)
	near("first step", 0, 1-0.1*0.5/(0.5+epsilon))
	near("first step", 1, 2+0.1*2/(2+epsilon))
	a.Descend(theta, []float64{0, 0}, 0.1)
	first := 0.9 * 0.1 * 0.5 / (1 - 0.81)
	second := math.Sqrt(0.999 * 0.001 * 0.25 / (1 - 0.999*0.999))
	near("second step", 0, 1-0.1*0.5/(0.5+epsilon)-0.1*first/(second+epsilon))
}
