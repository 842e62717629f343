package main

import (
	"time"

	"github.com/kldivloss/kldivloss/internal/kernel"
)

// kernelContender times the kernels alone, on slices: all that a mode computes, in
// results that it makes.
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
	strides := []int{w.classes, 1}
	in := &kernel.Operands[F]{
		Pred:     kernel.View[F]{Data: d.x.([]F), Strides: strides},
		Target:   kernel.View[F]{Data: d.t.([]F), Strides: strides},
		Upstream: kernel.View[F]{Data: []F{1}, Strides: []int{0, 0}},
	}
	if w.mode == product {
		in.Tangent = kernel.View[F]{Data: d.v.([]F), Strides: strides}
	}
	return contender{name, func(reps int) (time.Duration, error) {
		start := time.Now()
		for range reps {
			in.Statistics = nil
			if kernel.HasStatistics(problem, w.size()) {
				in.Statistics = kernel.Statistics(problem, in)
			}
			kernel.Loss(problem, in)
			if w.mode != forward {
				kernel.VJP(problem, kernel.Pred, in)
			}
			if w.mode.targetGradient() {
				kernel.VJP(problem, kernel.Target, in)
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
	const bytes = 1 << 16
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

// kernelContenders time the kernels with all they touch in cache and, where Gorgonia's
// own time counts, a graph with one Sum.
func kernelContenders(w workload, d data) (contenders []contender, close func(), err error) {
	cached := w.inCache()
	contenders = []contender{kernelContender("kernels in cache", cached, newData(cached))}
	if w.elements() >= smallest {
		return contenders, func() {}, nil
	}
	m, err := builder(justSum).machine(w, d)
	if err != nil {
		return nil, nil, err
	}
	return append(contenders, m.contender("a graph with one Sum")), func() { m.vm.Close() }, nil
}

// kernelsAlone is their time per element, shared by the threads that there are.
func kernelsAlone(w workload, summaries []summary) float64 {
	ns := summaries[0].perElement(w.inCache().elements()) / float64(w.threads)
	for _, s := range summaries[1:] {
		ns += s.perElement(w.elements())
	}
	return ns
}
