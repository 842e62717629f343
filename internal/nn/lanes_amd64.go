//go:build !purego

package nn

import "golang.org/x/sys/cpu"

var available = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// The kernels take n > 0 numbers, a multiple of lanes.

// bernoulliLanes finds the two parts of a likelihood's terms, in each lane: the sum of
// max(l, 0) − x·l and the product of 1 + e^−|l|.
//
//go:noescape
func bernoulliLanes(n int, l, x *float32, c *[12][lanes]float32, sums, products *[lanes]float64)

// bernoulliGradLanes writes upstream·(sigmoid(l) − x).
//
//go:noescape
func bernoulliGradLanes(n int, l, x, out *float32, c *[12][lanes]float32, upstream float32)

// maskLanes writes upstream where y > 0, else 0.
//
//go:noescape
func maskLanes(n int, y, upstream, out *float32)
