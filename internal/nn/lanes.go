package nn

import "math"

// lanes is how many numbers kernels work on at once.
const lanes = 8

// lanesConstants are the numbers of the kernels' exponential, in the order that they
// expect: the sign bit; the smallest argument, whose exponential is far from subnormal;
// log2 e; ln 2 in two parts; the coefficients of the series of exp.
var lanesConstants = func() (all [12][lanes]float32) {
	for i, c := range []float32{
		float32(math.Copysign(0, -1)), -86,
		math.Log2E, 0x1.62ep-1, math.Ln2 - 0x1.62ep-1,
		1, 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040,
	} {
		for j := range all[i] {
			all[i][j] = c
		}
	}
	return all
}()

// vectorised is how many of n numbers there are kernels for.
func vectorised[F float](n int) int {
	if _, ok := any(F(0)).(float32); !ok || !available {
		return 0
	}
	return n / lanes * lanes
}

// first is where numbers of float32 start.
func first[F float](s []F) *float32 { return &any(s).([]float32)[0] }
