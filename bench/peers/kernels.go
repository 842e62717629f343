package main

import (
	"time"

	"github.com/kldivloss/kldivloss/internal/kernel"
)

// kernelContender times the kernels alone, on slices: the loss, and the gradient
// of pred where the mode has it. With repeat the rows are one row that is read
// again and again, which leaves out the memory of the inputs but not of the
// result.
func kernelContender(name string, w workload, d data, repeat bool) contender {
	if w.dtype == "float32" {
		return kernelContenderOf[float32](name, w, d, repeat)
	}
	return kernelContenderOf[float64](name, w, d, repeat)
}

func kernelContenderOf[F kernel.Float](name string, w workload, d data, repeat bool) contender {
	problem := kernel.Problem{
		Shape:      []int{w.rows, w.classes},
		Axis:       1,
		Pred:       kernel.Logits,
		Target:     kernel.Probs,
		Scale:      1 / float64(w.rows),
		OutStrides: []int{0, 0},
		OutSize:    1,
	}
	strides := []int{w.classes, 1}
	if repeat {
		strides[0] = 0
	}
	in := &kernel.Operands[F]{
		Pred:     kernel.View[F]{Data: d.x.([]F), Strides: strides},
		Target:   kernel.View[F]{Data: d.t.([]F), Strides: strides},
		Upstream: kernel.View[F]{Data: []F{1}, Strides: []int{0, 0}},
	}
	return contender{name, func(reps int) (time.Duration, error) {
		start := time.Now()
		for range reps {
			kernel.Loss(problem, in)
			if w.mode == gradient {
				kernel.VJP(problem, kernel.Pred, in)
			}
		}
		return time.Since(start), nil
	}}
}
