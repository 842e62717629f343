package main

import "testing"

// TestAdvantages is worked by hand with γ = 0.5 and λ = 0.5. Steps 0 and 1 end in a
// termination, step 2 is cut off by the time limit in a state worth 8, steps 3 and 4
// go on after the rollout in a state worth 6.
//
//	δ₄ = 1 + 0.5·6 − 2 = 2        Â₄ = 2
//	δ₃ = 1 + 0.5·2 − 4 = −2       Â₃ = −2 + 0.25·2 = −1.5
//	δ₂ = 1 + 0.5·8 − 3 = 2        Â₂ = 2
//	δ₁ = 5 + 0 − 1 = 4            Â₁ = 4
//	δ₀ = 1 + 0.5·1 − 2 = −0.5     Â₀ = −0.5 + 0.25·4 = 0.5
func TestAdvantages(t *testing.T) {
	advantages, targets := trajectory{
		rewards:    []float64{1, 5, 1, 1, 1},
		values:     []float64{2, 1, 3, 4, 2, 6},
		ends:       []bool{false, true, true, false, false},
		bootstraps: []float64{0, 0, 8, 0, 0},
		ratios:     []float64{1, 1, 1, 1, 1},
	}.advantages(0.5, 0.5)
	within(t, "advantages", advantages, []float64{0.5, 4, 2, -1.5, 2}, 0)
	within(t, "targets", targets, []float64{2.5, 5, 5, 2.5, 4}, 0)
}

// TestAdvantagesOfAnotherPolicy is worked by hand with γ = 0.5 and λ = 0.5.
//
//	δ₂ = 1 + 0.5·4 − 2 = 1    Â₂ = 1                        c₂ = 0.5
//	δ₁ = 1 + 0.5·2 − 2 = 0    Â₁ = 0.25·0.5·1 = 0.125       c₁ = min(1, 3) = 1
//	δ₀ = 2 + 0.5·2 − 2 = 1    Â₀ = 1 + 0.25·0.125 = 1.03125 c₀ = 0.5
func TestAdvantagesOfAnotherPolicy(t *testing.T) {
	advantages, targets := trajectory{
		rewards:    []float64{2, 1, 1},
		values:     []float64{2, 2, 2, 4},
		ends:       make([]bool, 3),
		bootstraps: make([]float64, 3),
		ratios:     []float64{0.5, 3, 0.5},
	}.advantages(0.5, 0.5)
	within(t, "advantages", advantages, []float64{1.03125, 0.125, 1}, 0)
	within(t, "targets", targets, []float64{2.515625, 2.125, 2.5}, 0)
}

// TestAdvantagesOfLambdaOne are the discounted returns less V, whatever V is between.
func TestAdvantagesOfLambdaOne(t *testing.T) {
	_, targets := trajectory{
		rewards:    []float64{1, 2, 4},
		values:     []float64{7, -3, 11, 16},
		ends:       make([]bool, 3),
		bootstraps: make([]float64, 3),
		ratios:     []float64{1, 1, 1},
	}.advantages(0.5, 1)
	within(t, "targets", targets, []float64{1 + 1 + 1 + 2, 2 + 2 + 4, 4 + 8}, 1e-15)
}
