package main

// conjugateGradient approximates A⁻¹b for a symmetric positive definite A, given as
// the product multiply(v) = A v, in at most the given number of iterations, starting
// from 0; it stops early where ‖b − A x‖² falls to tolerance. It returns x and A x,
// which the residual knows without another product. multiply may return the same
// memory each time.
//
// Hestenes, Stiefel, "Methods of conjugate gradients for solving linear systems", 1952.
func conjugateGradient[T float](multiply func(v []T) ([]T, error), b []T, iterations int, tolerance float64) (x, ax []T, err error) {
	x = make([]T, len(b))
	residual := append([]T(nil), b...)
	direction := append([]T(nil), b...)
	square := dot(residual, residual)
	for i := 0; i < iterations && float64(square) > tolerance; i++ {
		product, err := multiply(direction)
		if err != nil {
			return nil, nil, err
		}
		length := square / dot(direction, product)
		axpy(x, length, direction)
		axpy(residual, -length, product)
		next := dot(residual, residual)
		for j, r := range residual {
			direction[j] = r + next/square*direction[j]
		}
		square = next
	}
	ax = make([]T, len(b))
	for i := range ax {
		ax[i] = b[i] - residual[i]
	}
	return x, ax, nil
}
