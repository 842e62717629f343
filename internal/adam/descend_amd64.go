//go:build !purego

package adam

import "golang.org/x/sys/cpu"

const lanes = 8

var available = cpu.X86.HasAVX2

// descendLanes is descend for n > 0 parameters, a multiple of lanes.
//
//go:noescape
func descendLanes(n int, theta, first, second, gradient *float32, s *step[float32])
