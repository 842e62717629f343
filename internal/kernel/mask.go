package kernel

// Divisor says what a mean divides by, where that is known only when the values are.
type Divisor uint8

const (
	NoDivisor     Divisor = iota
	KeptPerOutput         // the distributions kept of each output, times Each
	KeptSamples           // the entries of the batch axis of which anything is kept
	TotalWeight           // the sample weights of the distributions kept
)

// rowScales returns a factor for each row, 0 where the mask drops it: the mean's divisor
// is in it. It returns nil where the problem has neither mask nor divisor.
func rowScales[F Float](p Problem, in *Operands[F]) []float64 {
	if in.Mask.Data == nil && p.Divisor == NoDivisor {
		return nil
	}
	return keptScales(p, in)
}

// keptScales is rowScales of a problem with a mask or a divisor, apart so that others do without
// its room on the stack.
func keptScales[F Float](p Problem, in *Operands[F]) []float64 {
	scales := make([]float64, size(p.Shape)/p.classes())
	maskStrides, weightStrides := in.Mask.Strides, in.Weight.Strides
	if in.Mask.Data == nil {
		maskStrides = zeroStrides(len(p.Shape))
	}
	if in.Weight.Data == nil {
		weightStrides = zeroStrides(len(p.Shape))
	}
	samples := make([]int, len(p.Shape)) // the number of the sample
	samples[p.BatchAxis] = 1
	strides := [][]int{maskStrides, weightStrides, p.OutStrides, samples}
	kept, weights := make([]float64, max(p.OutSize, p.Shape[p.BatchAxis])), 0.0
	visit := func(each func(row int, weight float64, output, sample int)) {
		rows(p.Shape, p.Axis, 0, len(scales), strides, func(row int, offset []int) {
			if in.Mask.Data != nil && in.Mask.Data[offset[0]] == 0 {
				return
			}
			weight := 1.0
			if in.Weight.Data != nil {
				weight = float64(in.Weight.Data[offset[1]])
			}
			each(row, weight, offset[2], offset[3])
		})
	}
	visit(func(_ int, weight float64, output, sample int) {
		switch p.Divisor {
		case KeptPerOutput:
			kept[output] += p.Each
		case KeptSamples:
			kept[sample] = 1
		case TotalWeight:
			weights += weight
		}
	})
	if p.Divisor == KeptSamples {
		weights = total(kept)
	}
	visit(func(row int, _ float64, output, _ int) {
		switch {
		case p.Divisor == NoDivisor:
			scales[row] = 1
		case p.Divisor == KeptPerOutput:
			scales[row] = 1 / kept[output]
		case weights != 0:
			scales[row] = 1 / weights
		}
	})
	return scales
}

// MaskFault returns the number of the first entry of a mask that is neither 0 nor 1, −1
// where there is none.
func MaskFault[F Float](shape []int, mask View[F]) (entry int, value float64) {
	entry = -1
	each(shape, mask, func(i int, x float64) {
		if entry < 0 && x != 0 && x != 1 {
			entry, value = i, x
		}
	})
	return entry, value
}

// each calls visit with every element of a tensor, in row-major order.
func each[F Float](shape []int, v View[F], visit func(i int, x float64)) {
	if len(shape) == 0 {
		visit(0, float64(v.Data[0]))
		return
	}
	last := len(shape) - 1
	rows(shape, last, 0, size(shape)/shape[last], [][]int{v.Strides}, func(row int, offset []int) {
		for k := range shape[last] {
			visit(row*shape[last]+k, float64(v.Data[offset[0]+k*v.Strides[last]]))
		}
	})
}
