// Package kernel computes the Kullback–Leibler divergence, its gradients and
// its second derivatives on plain slices. It knows nothing of graphs.
//
// Every function takes one [Problem], which says what is computed, and one
// [Operands], which says where the numbers lie. Results are fresh and
// row-major. Arithmetic inside is float64 with compensated sums for both
// element types, so a float32 result is the float64 one rounded once.
//
// Notation, for one row of classes i:
//
//	p, λ   target probabilities and their logarithms (log(p+ε) with an epsilon)
//	q, ℓ   predicted probabilities and their logarithms
//	r      λ − ℓ, the log ratio
//	g      upstream gradient × reduction factor × weight × sample weight
//	d      g·p, the cotangent that flows into −ℓ
//	a      g·∂(p·r)/∂p = g·(r + 1), the cotangent that flows into p
//
// An element whose p or g is zero is dropped by selection: whatever else the
// row holds there, NaN and infinities included, it contributes nothing.
package kernel

// Float is the set of element types.
type Float interface{ float32 | float64 }

// Form says how a tensor encodes a distribution along the class axis.
type Form uint8

const (
	Probs    Form = iota // x = p
	LogProbs             // x = log p
	Logits               // x = log p + any constant of the row
)

// Side names one of the two distributions.
type Side uint8

const (
	Pred Side = iota
	Target
)

func (s Side) String() string {
	if s == Pred {
		return "pred"
	}
	return "target"
}

// Problem describes out[j] = Scale · Σ s·p·(log(p+Epsilon) − log q), summed
// over the elements that OutStrides maps to j.
type Problem struct {
	Shape        []int // of pred and target, rank at least 1, no zero
	Axis         int   // the class axis
	Pred, Target Form
	Epsilon      float64 // added to p inside its logarithm, Target == Probs only
	Scale        float64
	OutStrides   []int // element → output: 0 along every axis that is summed
	OutSize      int
}

// elementwise reports whether every element has an output of its own.
func (p Problem) elementwise() bool { return p.OutStrides[p.Axis] != 0 }

func (p Problem) classes() int { return p.Shape[p.Axis] }

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// View is a tensor in memory: the element at index (i₀, i₁, …) is
// Data[Σ iₖ·Strides[k]]. A stride of 0 broadcasts along its axis.
type View[F Float] struct {
	Data    []F
	Strides []int
}

// Operands are a function's inputs. Weight.Data is nil where there is no
// sample weight; Upstream and Tangent are set where the function names them.
type Operands[F Float] struct {
	Pred, Target, Weight View[F]
	Upstream             View[F] // by OutStrides
	Tangent              View[F]
}

// RowMajor returns the strides of a dense tensor whose last axis is contiguous.
func RowMajor(shape []int) []int {
	strides := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = n
		n *= shape[i]
	}
	return strides
}

// rows walks over every index of shape but axis, in row-major order, and calls
// visit with the offset that each of the strides gives to the row's first class.
func rows(shape []int, axis int, strides [][]int, visit func(offset []int)) {
	index := make([]int, len(shape))
	offset := make([]int, len(strides))
	for {
		visit(offset)
		k := len(shape) - 1
		for ; k >= 0; k-- {
			if k == axis {
				continue
			}
			index[k]++
			for s := range strides {
				offset[s] += strides[s][k]
			}
			if index[k] < shape[k] {
				break
			}
			for s := range strides {
				offset[s] -= index[k] * strides[s][k]
			}
			index[k] = 0
		}
		if k < 0 {
			return
		}
	}
}

// gather copies a row of classes into dst.
func gather[F Float](dst []float64, v View[F], offset, axis int) {
	stride := v.Strides[axis]
	for i := range dst {
		dst[i] = float64(v.Data[offset+i*stride])
	}
}

// scatter copies src into a row of classes.
func scatter[F Float](v View[F], offset, axis int, src []float64) {
	stride := v.Strides[axis]
	for i, x := range src {
		v.Data[offset+i*stride] = F(x)
	}
}

// Accumulate adds src to dst in place.
func Accumulate[F Float](shape []int, dst, src View[F]) {
	axis := len(shape) - 1
	if axis < 0 {
		dst.Data[0] += src.Data[0]
		return
	}
	rows(shape, axis, [][]int{dst.Strides, src.Strides}, func(offset []int) {
		for i := range shape[axis] {
			dst.Data[offset[0]+i*dst.Strides[axis]] += src.Data[offset[1]+i*src.Strides[axis]]
		}
	})
}

// Sum adds tensors of one shape.
func Sum[F Float](shape []int, terms []View[F]) []F {
	out := View[F]{make([]F, size(shape)), RowMajor(shape)}
	for _, term := range terms {
		Accumulate(shape, out, term)
	}
	return out.Data
}
