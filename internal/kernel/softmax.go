package kernel

import "math"

// Softmax returns softmax(x) along axis, or its logarithm.
func Softmax[F Float](shape []int, axis int, logarithm bool, x View[F]) []F {
	out := View[F]{make([]F, size(shape)), RowMajor(shape)}
	in, probs := make([]float64, shape[axis]), make([]float64, shape[axis])
	rows(shape, axis, 0, size(shape)/shape[axis], [][]int{x.Strides, out.Strides}, func(_ int, offset []int) {
		gather(in, x, offset[0], axis)
		shift, logSum := softmax(probs, in)
		if logarithm {
			for i := range in {
				in[i] = in[i] - shift - logSum
			}
			scatter(out, offset[1], axis, in)
			return
		}
		scatter(out, offset[1], axis, probs)
	})
	return out.Data
}

// SoftmaxVJP returns the gradient of ⟨y, g⟩, given y = Softmax(x):
//
//	y·(g − ⟨y,g⟩)        softmax
//	g − exp(y)·Σg        its logarithm
func SoftmaxVJP[F Float](shape []int, axis int, logarithm bool, y, g View[F]) []F {
	return zipRows(shape, axis, []View[F]{y, g}, func(out []float64, in [][]float64) {
		y, g := in[0], in[1]
		if logarithm {
			sum := total(g)
			for i := range out {
				out[i] = g[i] - math.Exp(y[i])*sum
			}
			return
		}
		mean := dot(y, g)
		for i := range out {
			out[i] = y[i] * (g[i] - mean)
		}
	})
}

// LogSoftmaxJVP returns v − ⟨exp(y), v⟩, given y = log softmax(x): the gradient
// of ⟨SoftmaxVJP(y, g), v⟩ with respect to g. Softmax's Jacobian is symmetric
// and needs no such twin.
func LogSoftmaxJVP[F Float](shape []int, axis int, y, v View[F]) []F {
	return zipRows(shape, axis, []View[F]{y, v}, func(out []float64, in [][]float64) {
		y, v := in[0], in[1]
		for i := range out {
			out[i] = math.Exp(y[i])
		}
		mean := dot(out, v)
		for i := range out {
			out[i] = v[i] - mean
		}
	})
}

// SoftmaxCurvature returns the gradient of ⟨SoftmaxVJP(y, g), v⟩ with respect
// to y:
//
//	v·(g − ⟨y,g⟩) − g·⟨y,v⟩        softmax
//	−exp(y)·v·Σg                   its logarithm
func SoftmaxCurvature[F Float](shape []int, axis int, logarithm bool, y, g, v View[F]) []F {
	return zipRows(shape, axis, []View[F]{y, g, v}, func(out []float64, in [][]float64) {
		y, g, v := in[0], in[1], in[2]
		if logarithm {
			sum := total(g)
			for i := range out {
				out[i] = 0 - math.Exp(y[i])*v[i]*sum
			}
			return
		}
		meanG, meanV := dot(y, g), dot(y, v)
		for i := range out {
			out[i] = v[i]*(g[i]-meanG) - g[i]*meanV
		}
	})
}

// zipRows computes a result from the same row of every input.
func zipRows[F Float](shape []int, axis int, in []View[F], compute func(out []float64, in [][]float64)) []F {
	out := View[F]{make([]F, size(shape)), RowMajor(shape)}
	strides := [][]int{out.Strides}
	workspace := make([][]float64, len(in))
	for i, v := range in {
		strides = append(strides, v.Strides)
		workspace[i] = make([]float64, shape[axis])
	}
	result := make([]float64, shape[axis])
	rows(shape, axis, 0, size(shape)/shape[axis], strides, func(_ int, offset []int) {
		for i, v := range in {
			gather(workspace[i], v, offset[i+1], axis)
		}
		compute(result, workspace)
		scatter(out, offset[0], axis, result)
	})
	return out.Data
}
