package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// rarely is the value of GOGC with which a collection costs little.
const rarely = 400

var collectorStudy = study{
	title: "What collecting garbage costs",
	text: `
Every RunAll allocates its gradients, and Go collects garbage each time that the memory in
use has doubled: with little else in use, every fourth RunAll at 1024×1000. It then
returns some of it to the system, and the next results wait for pages. With GOGC=400 it
does so when the memory has grown to five times what is in use. The tables above have the
default, 100.

float32, loss and ∂pred, 1024×1000, ns per element of RunAll and Reset; page faults of one.`,
	run: collector,
}

func collector(r *report, p protocol) error {
	w := workload{1024, 1000, "float32", gradient, 1}
	d := newData(w)
	t := newTable("threads", "GOGC", "ns/element", "collections", "page faults")
	for _, threads := range []int{1, 2} {
		if err := collectorRows(p, w, d, threads, t); err != nil {
			return err
		}
	}
	r.table(t)
	return nil
}

func collectorRows(p protocol, w workload, d data, threads int, t *table) error {
	defer useThreads(threads)()
	var contenders []contender
	var counts []*collections
	goals := []int{100, rarely}
	for _, goal := range goals {
		m, err := builder(ours).machine(w, d)
		if err != nil {
			return err
		}
		defer m.vm.Close()
		c := new(collections)
		counts = append(counts, c)
		contenders = append(contenders, c.counting(goal, m.contender(fmt.Sprintf("GOGC=%d", goal))))
	}
	summaries, err := p.measure(contenders...)
	if err != nil {
		return err
	}
	for i, s := range summaries {
		c := counts[i]
		t.add(fmt.Sprint(threads), fmt.Sprint(goals[i]), timePerElement(s, w.elements()),
			number(float64(c.cycles)/float64(c.reps)), number(float64(c.faults)/float64(c.reps)))
	}
	return nil
}

// collections counts what happens during a contender's repetitions.
type collections struct{ reps, cycles, faults int64 }

// counting runs a contender under a value of GOGC.
func (c *collections) counting(goal int, of contender) contender {
	return contender{of.name, func(reps int) (time.Duration, error) {
		defer debug.SetGCPercent(debug.SetGCPercent(goal))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		faults := pageFaults()
		d, err := of.run(reps)
		c.faults += pageFaults() - faults
		runtime.ReadMemStats(&after)
		c.cycles += int64(after.NumGC - before.NumGC)
		c.reps += int64(reps)
		return d, err
	}}
}
