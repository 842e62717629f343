package kernel

import (
	"runtime"
	"sync"
	"sync/atomic"
)

const (
	// minShare is the number of elements that is worth a second goroutine: waking
	// one takes tens of microseconds.
	minShare = 1 << 16

	// fewest is the number of elements handed out at a time at least: two batches of float32, as a
	// worker fetches the next, which is to be its own.
	fewest = 1 << 13
)

// parallel hands out ranges that cover 0 to rows, on as many goroutines as
// GOMAXPROCS allows and the number of elements is worth; each gets its ranges from
// next, empty where none are left. A range is half of what would be an equal share of the rows that
// are left (Polychronopoulos and Kuck, Guided Self-Scheduling, 1987, have all of it): large while
// that cannot keep anybody waiting, and small in the end. It returns when all are done, and panics
// in the caller if one of them did.
func parallel(rows, classes int, work func(next func() (from, to int))) {
	workers := min(runtime.GOMAXPROCS(0), rows, rows*classes/minShare)
	if workers < 2 {
		from := 0
		work(func() (int, int) {
			first := from
			from = rows
			return first, rows
		})
		return
	}
	least := max(1, fewest/classes)
	var taken atomic.Int64
	var failure atomic.Pointer[any]
	share := func() {
		defer func() {
			if r := recover(); r != nil {
				failure.Store(&r)
			}
		}()
		work(func() (int, int) {
			for {
				from := int(taken.Load())
				left := rows - from
				to := from + min(left, max(least, left/(2*workers)))
				if from == to || taken.CompareAndSwap(int64(from), int64(to)) {
					return from, to
				}
			}
		})
	}
	var wait sync.WaitGroup
	for range workers - 1 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			share()
		}()
	}
	share()
	wait.Wait()
	if r := failure.Load(); r != nil {
		panic(*r)
	}
}
