package kernel

import (
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// TestThreadsChangeNothing computes one large problem on one, two and four
// threads: the results are the same to the last bit.
func TestThreadsChangeNothing(t *testing.T) {
	const rows, classes = 700, 400 // worth four goroutines
	rng := newRand(81)
	in := &Operands[float32]{
		Pred:     View[float32]{make([]float32, rows*classes), []int{classes, 1}},
		Target:   View[float32]{make([]float32, rows*classes), []int{classes, 1}},
		Upstream: View[float32]{[]float32{1}, []int{0, 0}},
	}
	for i := range in.Pred.Data {
		in.Pred.Data[i] = float32(3 * rng.NormFloat64())
		in.Target.Data[i] = float32(rng.Float64())
	}
	p := Problem{Shape: []int{rows, classes}, Axis: 1, Pred: Logits, Scale: 1, OutStrides: []int{0, 0}, OutSize: 1}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	loss, gradient := Loss(p, in), VJP(p, Pred, in)
	for _, threads := range []int{2, 4} {
		runtime.GOMAXPROCS(threads)
		if got := Loss(p, in); !slices.Equal(got, loss) {
			t.Errorf("%d threads: loss %v, on one %v", threads, got, loss)
		}
		if !slices.Equal(VJP(p, Pred, in), gradient) {
			t.Errorf("%d threads: another gradient", threads)
		}
	}
}

// TestParallelCoversEveryRowOnce also holds that a panic in a worker becomes one
// in the caller, where it can be recovered.
func TestParallelCoversEveryRowOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	for _, rows := range []int{1, 2, 100, 1001} {
		seen := make([]atomic.Int32, rows)
		parallel(rows, 4*minShare/rows, func(next func() (from, to int)) {
			for from, to := next(); from < to; from, to = next() {
				for i := from; i < to; i++ {
					seen[i].Add(1)
				}
			}
		})
		for i := range seen {
			if n := seen[i].Load(); n != 1 {
				t.Fatalf("%d rows: row %d was visited %d times", rows, i, n)
			}
		}
	}
	defer func() {
		if r := recover(); r != "row 77" {
			t.Errorf("recovered %v", r)
		}
	}()
	parallel(100, minShare, func(next func() (from, to int)) {
		for from, to := next(); from < to; from, to = next() {
			if from <= 77 && 77 < to {
				panic("row 77")
			}
		}
	})
	t.Error("no panic")
}

// TestParallelJoinsAfterPanics lets every goroutine panic, the caller's long before the
// others: all have ended by the time that the caller's panic reaches it.
func TestParallelJoinsAfterPanics(t *testing.T) {
	const workers = 3
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(workers))
	var started sync.WaitGroup
	var ended atomic.Int32
	defer func() {
		if r := recover(); r != "a worker" {
			t.Errorf("recovered %v", r)
		}
		if n := ended.Load(); n != workers {
			t.Errorf("%d of %d goroutines have ended", n, workers)
		}
	}()
	started.Add(workers)
	parallel(workers, minShare, func(func() (from, to int)) {
		defer ended.Add(1)
		started.Done()
		started.Wait()
		if !strings.Contains(string(debug.Stack()), "testing.tRunner") {
			for range 1000 {
				runtime.Gosched()
			}
		}
		panic("a worker")
	})
}
