package main

import "math"

// adam is the optimiser of Kingma and Ba, "Adam: a method for stochastic
// optimization", 2015, on a parameter vector. Gorgonia's solver keeps its moments to
// itself, so that a checkpoint could not restore them.
type adam[T float] struct {
	First, Second []T // moments
	Steps         int
}

const (
	adamDecay1  = 0.9
	adamDecay2  = 0.999
	adamEpsilon = 1e-5 // Stable-Baselines3's
)

func newAdam[T float](size int) *adam[T] {
	return &adam[T]{First: make([]T, size), Second: make([]T, size)}
}

// descend moves theta against the gradient.
func (a *adam[T]) descend(theta, gradient []T, rate float64) {
	a.Steps++
	correction1 := 1 - math.Pow(adamDecay1, float64(a.Steps))
	correction2 := 1 - math.Pow(adamDecay2, float64(a.Steps))
	length, scale := T(rate/correction1), T(1/math.Sqrt(correction2))
	for i, g := range gradient {
		a.First[i] = adamDecay1*a.First[i] + (1-adamDecay1)*g
		a.Second[i] = adamDecay2*a.Second[i] + (1-adamDecay2)*g*g
		theta[i] -= length * a.First[i] / (T(math.Sqrt(float64(a.Second[i])))*scale + adamEpsilon)
	}
}
