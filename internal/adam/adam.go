// Package adam is the optimiser of Kingma and Ba, "Adam: a method for stochastic
// optimization", 2015, on a vector of parameters. Gorgonia's solver keeps its moments
// to itself, so that a checkpoint could not restore them.
package adam

import "math"

// The decay rates of the paper.
const (
	decay1 = 0.9
	decay2 = 0.999
)

// Adam is the state of an optimiser; checkpoints keep it.
type Adam[T float32 | float64] struct {
	First, Second []T // moments
	Steps         int
	Epsilon       float64 // added to the root of the second moment
}

// New starts an optimiser of a number of parameters.
func New[T float32 | float64](size int, epsilon float64) *Adam[T] {
	return &Adam[T]{First: make([]T, size), Second: make([]T, size), Epsilon: epsilon}
}

// Descend moves parameters against their gradient: with m and v the moments, each
// divided by 1 − its decay rate to the number of steps,
//
//	θ ← θ − rate·m / (√v + ε)
func (a *Adam[T]) Descend(theta, gradient []T, rate float64) {
	a.Steps++
	correction1 := 1 - math.Pow(decay1, float64(a.Steps))
	correction2 := 1 - math.Pow(decay2, float64(a.Steps))
	length, scale, epsilon := T(rate/correction1), T(1/math.Sqrt(correction2)), T(a.Epsilon)
	first, second := a.First[:len(gradient)], a.Second[:len(gradient)]
	theta = theta[:len(gradient)]
	for i, g := range gradient {
		first[i] = decay1*first[i] + (1-decay1)*g
		second[i] = decay2*second[i] + (1-decay2)*g*g
		theta[i] -= length * first[i] / (T(math.Sqrt(float64(second[i])))*scale + epsilon)
	}
}
