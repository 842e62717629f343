package main

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// pin keeps every thread of this process to the first n processors, so that one thread
// is not woken up on another processor than it slept on. Where that is not allowed
// the measurement goes on without.
func pin(n int) {
	var set unix.CPUSet
	for cpu := range n {
		set.Set(cpu)
	}
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return
	}
	for _, t := range threads {
		if id, err := strconv.Atoi(t.Name()); err == nil {
			_ = unix.SchedSetaffinity(id, &set)
		}
	}
}

// pageFaults is how many there have been without waiting for a disk.
func pageFaults() int64 {
	var usage unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return int64(usage.Minflt)
}
