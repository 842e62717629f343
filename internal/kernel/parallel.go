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

	// chunk is the number of elements handed out at a time: several batches, as a worker
	// fetches the next, which is to be its own. It is less where that leaves anybody fewer
	// than turns.
	chunk = 1 << 16
	turns = 4
)

// parallel hands out ranges that cover 0 to rows, on as many goroutines as
// GOMAXPROCS allows and the number of elements is worth; each gets its ranges from
// next, empty where none are left. It returns when all are done, and panics in the
// caller if one of them did.
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
	step := max(1, min(chunk/classes, rows/(turns*workers)))
	var taken atomic.Int64
	var failure atomic.Pointer[any]
	share := func() {
		defer func() {
			if r := recover(); r != nil {
				failure.Store(&r)
			}
		}()
		work(func() (int, int) {
			from := int(taken.Add(int64(step))) - step
			return from, min(from+step, rows)
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
