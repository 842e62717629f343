package kernel

// Quotient returns a tensor divided by a number.
func Quotient[F Float](shape []int, x View[F], by float64) []F {
	out := make([]F, size(shape))
	last := len(shape) - 1
	divisor := F(by)
	rows(shape, last, 0, len(out)/shape[last], [][]int{x.Strides}, func(row int, offset []int) {
		to, stride := out[row*shape[last]:][:shape[last]], x.Strides[last]
		if stride == 1 {
			for i, v := range x.Data[offset[0]:][:len(to)] {
				to[i] = v / divisor
			}
			return
		}
		for i := range to {
			to[i] = x.Data[offset[0]+i*stride] / divisor
		}
	})
	return out
}
