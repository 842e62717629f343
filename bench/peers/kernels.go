package main

import (
	"time"

	"github.com/kldivloss/kldivloss/internal/kernel"
)

// kernelContender times the kernels alone, on slices: all that a mode computes, in
// results that exist already.
func kernelContender(name string, w workload, d data) contender {
	if w.dtype == "float32" {
		return kernelContenderOf[float32](name, w, d)
	}
	return kernelContenderOf[float64](name, w, d)
}

func kernelContenderOf[F kernel.Float](name string, w workload, d data) contender {
	problem := kernel.Problem{
		Shape:      []int{w.rows, w.classes},
		Axis:       1,
		Pred:       kernel.Form(formOf(w.mode.pred())),
		Target:     kernel.Form(formOf(w.mode.target())),
		Scale:      1 / float64(w.rows),
		OutStrides: []int{0, 0},
		OutSize:    1,
	}
	if w.mode == jensen {
		problem.Family, problem.Beta = kernel.JensenShannon, beta
	}
	strides := []int{w.classes, 1}
	in := &kernel.Operands[F]{
		Pred:   kernel.View[F]{Data: d.x.([]F), Strides: strides},
		Target: kernel.View[F]{Data: d.t.([]F), Strides: strides},
	}
	if w.mode == product {
		in.Tangent = kernel.View[F]{Data: d.v.([]F), Strides: strides}
	}
	var ahead, apart []kernel.Side // the gradients, with the loss or after it
	if w.mode != forward && w.mode != logProbsLoss {
		apart = append(apart, kernel.Pred)
	}
	if w.mode.targetGradient() {
		apart = append(apart, kernel.Target)
	}
	for _, side := range apart {
		in.Out[side] = make([]F, w.elements())
	}
	noted := kernel.HasStatistics(problem, w.size())
	if noted && w.mode != afterLoss {
		ahead, apart = apart, nil
	}
	return contender{name, func(reps int) (time.Duration, error) {
		start := time.Now()
		for range reps {
			if w.mode != afterLoss || in.Statistics == nil {
				switch {
				case len(ahead) > 0:
					kernel.LossAndGradients(problem, in, ahead...)
				case noted && w.mode == afterLoss:
					in.Statistics, _ = kernel.Statistics(problem, in)
					kernel.Loss(problem, in)
				default:
					kernel.Loss(problem, in)
				}
			}
			for _, side := range apart {
				kernel.VJP(problem, side, in)
			}
			if w.mode == product {
				kernel.HVP(problem, kernel.Pred, kernel.Pred, in)
			}
		}
		return time.Since(start), nil
	}}
}

// inCache is a workload with as many rows of as many classes as stay in the
// second-level cache with their results, and one row at least.
func (w workload) inCache() workload {
	const bytes = 1 << 18
	w.rows = min(w.rows, max(1, bytes/w.size()/w.classes))
	w.threads = 1
	return w
}

// size is that of an element, in bytes.
func (w workload) size() int {
	if w.dtype == "float64" {
		return 8
	}
	return 4
}

// smallest is below how many elements Gorgonia's own time counts.
const smallest = 1 << 14

// layerNames are the contenders that layers are made of: the kernels with all they touch in
// cache, an idle graph and, where its time is not most of ours, the kernels on all of the rows, by
// themselves and in a graph, and what reading and writing as much takes.
func layerNames(w workload) []string {
	names := []string{cachedName, idleName}
	if w.elements() >= smallest {
		names = append(names, kernelsName, memoryName, calledName)
	}
	return names
}

// layers are parts of our time per element: what the arithmetic takes on all threads at once,
// the kernels on all of the rows, what these cannot do without reading and writing, the kernels in a
// graph, and the idle graph. Where that is most of our time it is in the first two as well.
type layers struct {
	arithmetic, kernels, memory, called, idle float64
	small                                     bool
}

func layersOf(w workload, summaries []summary) layers {
	arithmetic := summaries[0].perElement(w.inCache().elements()) / float64(w.threads)
	of := func(i int) float64 { return summaries[i].perElement(w.elements()) }
	idle := of(1)
	if w.elements() < smallest {
		return layers{arithmetic: arithmetic + idle, kernels: arithmetic + idle, idle: idle, small: true}
	}
	kernels := of(2)
	// In cache there are few rows for what is done once.
	return layers{arithmetic: min(arithmetic, kernels), kernels: kernels, memory: of(3), called: of(4), idle: idle}
}

// blame says which layers alone are too slow for a ratio of someone's time to ours.
func (l layers) blame(theirs, target float64) string {
	over := func(what string, time float64) string { return number(theirs/time) + " over the " + what }
	arithmetic, kernels, called := over("arithmetic", l.arithmetic), over("kernels", l.kernels), over("kernels in a graph", l.called)
	switch {
	case l.small:
		return arithmetic + ", " + over("idle graph", l.idle)
	case theirs/l.arithmetic < target:
		return arithmetic
	case theirs/l.memory < target:
		return over("memory", l.memory)
	case theirs/l.kernels < target:
		return arithmetic + ", " + kernels
	case theirs/l.called < target:
		return kernels + ", " + called
	}
	return kernels + ", " + called + ", " + over("kernels and the idle graph", l.kernels+l.idle)
}
