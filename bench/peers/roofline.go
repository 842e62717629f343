package main

import (
	"runtime"
	"time"
)

var rooflineStudy = study{
	title: "Against the machine",
	text: `
One thread, ns per element. The memory floor is a Go loop that reads two arrays of the
row's size as 64-bit words and, for the gradient, writes a third that exists already.
The compute floor is our kernels on rows of 1000 classes that stay in the second-level
cache: it shows what waiting for memory costs, not that the arithmetic could be no
faster. The stricter limit is one exp and one log an element, taken as the loss alone
in cache, or memory where that is larger. A loss and its gradient are no more than that and
a product each: the exponentials of a row are kept in the gradient's place.

The kernels are called on slices, without a graph, and write results that exist already.
"Fresh result" is what a make of as many elements takes, which Go clears: the results of
a RunAll are fresh, but not cleared.`,
	run: roofline,
}

func roofline(r *report, p protocol) error {
	defer useThreads(1)()
	if err := units(r, p); err != nil {
		return err
	}
	t := newTable("shape", "dtype", "", "memory floor", "compute floor", "kernel", "whole RunAll", "fresh result", "kernel ÷ larger floor", "kernel ÷ exp and log", "")
	for _, shape := range [][2]int{{1024, 1000}, {32, 50257}, {256, 32000}} {
		for _, dtype := range []string{"float32", "float64"} {
			for _, m := range []mode{forward, gradient} {
				w := workload{shape[0], shape[1], dtype, m, 1}
				if err := rooflineRow(r, p, w, t); err != nil {
					return err
				}
			}
		}
	}
	r.table(t)
	return nil
}

func rooflineRow(r *report, p protocol, w workload, t *table) error {
	runtime.GC()
	d := newData(w)
	inCache := workload{1000, 1000, w.dtype, w.mode, 1}.inCache()
	m, err := builder(ours).machine(w, d)
	if err != nil {
		return err
	}
	defer m.vm.Close()
	expLog := inCache
	expLog.mode = forward
	cached := newData(inCache)
	summaries, err := p.measure(
		stream(w),
		kernelContender("compute floor", inCache, cached),
		kernelContender("exp and log", expLog, cached),
		kernelContender("kernel", w, d),
		m.contender("RunAll"),
		freshResult(w),
	)
	if err != nil {
		return err
	}
	n := w.elements()
	memory, compute, kernel := summaries[0], summaries[1], summaries[3]
	floor := max(memory.perElement(n), compute.perElement(inCache.elements()))
	strict := max(memory.perElement(n), summaries[2].perElement(inCache.elements()))
	fresh := "–"
	if w.mode == gradient {
		fresh = timePerElement(summaries[5], n)
	}
	v := &verdict{report: r, row: "Against the machine: " + w.shape() + " " + w.dtype + " " + string(w.mode)}
	t.add(w.shape(), w.dtype, string(w.mode),
		timePerElement(memory, n), timePerElement(compute, inCache.elements()),
		timePerElement(kernel, n), timePerElement(summaries[4], n), fresh,
		v.within("kernel ÷ floor", kernel.perElement(n)/floor, 1.2), number(kernel.perElement(n)/strict), v.word())
	return nil
}

// units are what an element of a loss and its gradient is made of.
func units(r *report, p protocol) error {
	t := newTable("ns per element, in cache", "an exponential, and ∂pred from it", "a logarithm, and the loss from it", "one of each", "a loss and ∂pred")
	for _, dtype := range []string{"float32", "float64"} {
		exp := workload{1000, 1000, dtype, afterLoss, 1}.inCache()
		log, both := exp, exp
		log.mode, both.mode = logProbsLoss, gradient
		d := newData(exp)
		logs := newData(log)
		summaries, err := p.measure(kernelContender("exp", exp, d), kernelContender("log", log, logs), kernelContender("both", both, d))
		if err != nil {
			return err
		}
		n := exp.elements()
		t.add(dtype, timePerElement(summaries[0], n), timePerElement(summaries[1], n),
			number(summaries[0].perElement(n)+summaries[1].perElement(n)), timePerElement(summaries[2], n))
	}
	r.table(t)
	return nil
}

// stream reads two arrays of a workload's size and writes one where the mode has
// a gradient, in 64-bit words whatever the element type.
func stream(w workload) contender {
	words := w.elements()
	if w.dtype == "float32" {
		words /= 2
	}
	x, t, out := make([]uint64, words), make([]uint64, words), make([]uint64, words)
	for i := range x {
		x[i], t[i], out[i] = uint64(i), uint64(2*i), 1
	}
	return contender{"memory floor", func(reps int) (time.Duration, error) {
		start := time.Now()
		for range reps {
			if w.mode.gradients() > 0 {
				addWords(out, x, t)
			} else {
				runtime.KeepAlive(sumWords(x, t))
			}
		}
		return time.Since(start), nil
	}}
}

func sumWords(x, t []uint64) uint64 {
	var s [4]uint64
	for len(x) >= 4 && len(t) >= 4 {
		s[0] += x[0] ^ t[0]
		s[1] += x[1] ^ t[1]
		s[2] += x[2] ^ t[2]
		s[3] += x[3] ^ t[3]
		x, t = x[4:], t[4:]
	}
	return s[0] + s[1] + s[2] + s[3]
}

func addWords(out, x, t []uint64) {
	for len(out) >= 4 && len(x) >= 4 && len(t) >= 4 {
		out[0] = x[0] + t[0]
		out[1] = x[1] + t[1]
		out[2] = x[2] + t[2]
		out[3] = x[3] + t[3]
		out, x, t = out[4:], x[4:], t[4:]
	}
}

// freshResult makes an array of a workload's size.
func freshResult(w workload) contender {
	return contender{"fresh result", func(reps int) (time.Duration, error) {
		start := time.Now()
		for range reps {
			if w.dtype == "float32" {
				runtime.KeepAlive(make([]float32, w.elements()))
			} else {
				runtime.KeepAlive(make([]float64, w.elements()))
			}
		}
		return time.Since(start), nil
	}}
}
