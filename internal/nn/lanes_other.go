//go:build !amd64 || purego

package nn

const available = false

func bernoulliLanes(n int, l, x *float32, c *[12][lanes]float32, sums, products *[lanes]float64) {
	panic("nn: no kernel here")
}

func bernoulliGradLanes(n int, l, x, out *float32, c *[12][lanes]float32, upstream float32) {
	panic("nn: no kernel here")
}

func maskLanes(n int, y, upstream, out *float32) {
	panic("nn: no kernel here")
}
