package main

import (
	"fmt"
	"slices"
	"time"
)

var wakeStudy = study{
	title: "What a second thread costs",
	text: `
Go's goroutines sleep while there is nothing to do, PyTorch's OpenMP threads wait awake.
Until a second goroutine runs, the first has all of the work to itself: at 1024×1000 the
loss alone takes about half a millisecond on one thread. A kernel that is told to pack
virtual processors (sched_vcpu_pack in the table above) wakes a thread on the processor
that its waker is busy on, while another idles.`,
	run: wake,
}

// wake measures how long a new goroutine takes to start on another processor.
func wake(r *report, p protocol) error {
	defer useThreads(2)()
	const asleep = 2 * time.Millisecond // after which the other processor's thread sleeps
	var delays []time.Duration
	for range 50 * p.rounds {
		time.Sleep(asleep)
		started := make(chan time.Time, 1)
		begin := time.Now()
		go func() { started <- time.Now() }()
		for time.Since(begin) < asleep {
			// A loss in work: this thread does not give way.
		}
		delays = append(delays, (<-started).Sub(begin))
	}
	slices.Sort(delays)
	at := func(share float64) string {
		return fmt.Sprintf("%.0f", float64(delays[int(share*float64(len(delays)-1))].Microseconds()))
	}
	t := newTable("", "first quarter", "median", "third quarter")
	t.add("µs until a second goroutine runs", at(0.25), at(0.5), at(0.75))
	r.table(t)
	return nil
}
