package kldivloss

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

// residentMemory is the size of the process in bytes, after everything unused has been
// given back; 0 where the system does not say.
func residentMemory(t *testing.T) int {
	t.Helper()
	debug.FreeOSMemory()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var total, resident int
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		t.Fatal(err)
	}
	return resident * os.Getpagesize()
}

// TestSoak runs one machine again and again on values that Let changes. The results stay
// those of the first pass, bit for bit, and neither memory nor goroutines grow.
func TestSoak(t *testing.T) {
	const some, growth = 20, 4 << 20
	passes := 150
	if *long {
		passes = 5000 // 100,000 runs
	}
	for _, dtype := range dtypes {
		t.Run(fmt.Sprint(dtype), func(t *testing.T) {
			bs := batches(some, small)
			n := newNetwork(t, dtype, small, weights(dtype, small))
			want := n.serially(t, bs)
			soak := func(passes int) {
				if err := n.repeat(passes*some, bs, want); err != nil {
					t.Fatal(err)
				}
			}
			soak(passes / 10)
			goroutines, memory := runtime.NumGoroutine(), residentMemory(t)
			soak(passes - passes/10)
			if after := settledGoroutines(goroutines); after > goroutines {
				t.Errorf("%d goroutines, %d after the warm-up", after, goroutines)
			}
			after := residentMemory(t)
			t.Logf("%d runs, resident memory from %d to %d KiB", passes*some, memory>>10, after>>10)
			switch {
			case memory == 0:
				t.Log("no /proc/self/statm here: memory is not watched")
			case after-memory > growth:
				t.Errorf("resident memory grew by %d KiB", (after-memory)>>10)
			}
		})
	}
}
