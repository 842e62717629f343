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
//
// The gradient may come in pieces.
func (a *Adam[T]) Descend(theta []T, rate float64, gradient ...[]T) {
	a.Steps++
	correction1 := 1 - math.Pow(decay1, float64(a.Steps))
	correction2 := 1 - math.Pow(decay2, float64(a.Steps))
	s := &step[T]{decay1, 1 - decay1, decay2, 1 - decay2, T(rate / correction1), T(1 / math.Sqrt(correction2)), T(a.Epsilon)}
	first, second := a.First, a.Second
	for _, g := range gradient {
		done := s.fast(theta, first, second, g)
		s.descend(theta[done:], first[done:], second[done:], g[done:])
		theta, first, second = theta[len(g):], first[len(g):], second[len(g):]
	}
}

// step is what a step multiplies with and adds. The assembly knows the order.
type step[T float32 | float64] struct {
	keep1, add1, keep2, add2 T // of the moments and of the gradient and its square
	length, scale, epsilon   T
}

func (s *step[T]) descend(theta, first, second, gradient []T) {
	n := len(gradient)
	theta, first, second = theta[:n], first[:n], second[:n]
	for i, g := range gradient {
		// Conversions keep compilers from fusing a product with a sum.
		first[i] = T(s.keep1*first[i]) + T(s.add1*g)
		second[i] = T(s.keep2*second[i]) + T(s.add2*g*g)
		theta[i] -= s.length * first[i] / (T(T(math.Sqrt(float64(second[i])))*s.scale) + s.epsilon)
	}
}

// fast is descend for as many parameters as there are kernels for, and returns their
// number.
func (s *step[T]) fast(theta, first, second, gradient []T) int {
	s32, ok := any(s).(*step[float32])
	n := len(gradient) / lanes * lanes
	if !ok || !available || n == 0 {
		return 0
	}
	pointer := func(v []T) *float32 { return &any(v).([]float32)[0] }
	descendLanes(n, pointer(theta), pointer(first), pointer(second), pointer(gradient), s32)
	return n
}
