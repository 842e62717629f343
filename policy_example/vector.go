package main

import "math"

func dot[T float](x, y []T) T {
	var sum T
	for i, v := range x {
		sum += v * y[i]
	}
	return sum
}

// axpy adds a·x to y.
func axpy[T float](y []T, a T, x []T) {
	x = x[:len(y)]
	for i := range y {
		y[i] += a * x[i]
	}
}

// meanStd returns the mean and the sample standard deviation (n−1), which is 0 for
// fewer than two numbers.
func meanStd[T float](v []T) (mean, std float64) {
	for _, x := range v {
		mean += float64(x)
	}
	mean /= float64(max(len(v), 1))
	for _, x := range v {
		d := float64(x) - mean
		std += d * d
	}
	return mean, math.Sqrt(std / float64(max(len(v)-1, 1)))
}
