package main

import (
	"fmt"
	"runtime"
)

var smallStudy = study{
	title: "Where the time goes at 128×10",
	text: `
µs and allocations of one RunAll and Reset, float32, one thread. The idle
graph is that of loss and ∂pred with ops that allocate their results and compute nothing:
what it costs is Gorgonia's and not the loss's, and where it takes more than a fifth of
PyTorch's time no loss in Gorgonia is five times as fast as PyTorch's. The kernels are the
arithmetic of loss and ∂pred, on slices, without a graph.`,
	run: small,
}

func small(r *report, p protocol) error {
	defer useThreads(1)()
	w := workload{128, 10, "float32", forward, 1}
	withGradient := w
	withGradient.mode = gradient
	d := newData(w)
	graphs := []struct {
		name  string
		build builder
		workload
	}{
		{"the idle graph", idle, withGradient},
		{"the loss", ours, w},
		{"the loss and ∂pred", ours, withGradient},
		{"the loss and ∂pred, composed", composed, withGradient},
	}
	var contenders []contender
	for _, g := range graphs {
		m, err := g.build.machine(g.workload, d)
		if err != nil {
			return err
		}
		defer m.vm.Close()
		contenders = append(contenders, m.contender(g.name))
	}
	contenders = append(contenders, kernelContender("the kernels of loss and ∂pred", withGradient, d))
	summaries, err := p.measure(contenders...)
	if err != nil {
		return err
	}
	t := newTable("", "µs", "allocations", "bytes allocated")
	for i, s := range summaries {
		count, size, err := allocations(contenders[i])
		if err != nil {
			return err
		}
		t.add(s.name, fmt.Sprintf("%s ± %s", number(s.median.Seconds()*1e6), percent(s.spread)), fmt.Sprintf("%.0f", count), fmt.Sprintf("%.0f", size))
	}
	r.table(t)
	r.paragraph("Of these bytes %d are the gradient.", 4*w.elements())
	return nil
}

// allocations returns the number and bytes of a repetition's allocations.
func allocations(c contender) (count, size float64, err error) {
	const reps = 100
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := c.run(reps); err != nil {
		return 0, 0, err
	}
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / reps, float64(after.TotalAlloc-before.TotalAlloc) / reps, nil
}
