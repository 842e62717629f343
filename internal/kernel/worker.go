package kernel

import (
	"bytes"
	"unsafe"
)

// attempt computes n rows from the worker's row i on with one kind of kernels, and
// marks those that are done.
type attempt[F Float] func(w *worker[F], k *rowKernels[F], i, n int)

// pass is a task and what computes its rows: many at a time fast, which may be nil, and one
// by one slow where fast does not do it. slow is called from several goroutines, in no
// order, each with a cursor of its own.
type pass[F Float] struct {
	*task[F]
	fast attempt[F]
	slow func(c *cursor[F], number int)
}

// each visits every row of one task.
func (t *task[F]) each(fast attempt[F], slow func(c *cursor[F], number int)) {
	visitAll(pass[F]{t, fast, slow})
}

// visitAll goes through the rows of passes over the same rows, some at a time: what the
// first reads and notes is in cache for the next. A row that a task drops as a whole is not
// computed, and its part of a packed result cleared.
func visitAll[F Float](passes ...pass[F]) {
	t := passes[0].task
	capacity := t.rowCount()
	for _, p := range passes {
		capacity = min(capacity, p.capacity())
	}
	parallel(t.rowCount(), t.problem.classes(), func(next func() (from, to int)) {
		workers := make([]worker[F], len(passes))
		for i := range passes {
			workers[i].start(&passes[i], capacity)
			workers[i].leader = &workers[0]
		}
		defer func() {
			for i := range workers {
				workers[i].release()
			}
		}()
		for from, to := next(); from < to; from, to = next() {
			for ; from < to; from += capacity {
				for i := range workers {
					workers[i].visit(from, min(from+capacity, to))
				}
			}
		}
	})
}

// capacity is how many rows are taken at a time.
func (p pass[F]) capacity() int {
	if p.fast == nil || !p.packed {
		return 1
	}
	row := p.problem.classes() * int(unsafe.Sizeof(F(0)))
	return min(max(1, batch/row, min(fewestRows, largeBatch/row)), mostRows)
}

// worker goes through a task's rows, some at a time.
type worker[F Float] struct {
	*pass[F]
	*records
	first, count int                   // the rows in work
	kind         float64               // the number of the kind of kernels that is tried, from 1
	sums         []rowSums             // that it finds: of the first kind where they are noted, else in found
	noted, known []rowSums             // a task's, of the rows in work, or what a leader passes on
	spare        []F                   // as large as the rows in work
	leader       *worker[F]            // of the first pass over the rows
	acceptances  [mostKinds]acceptance // of losses, by kind
	cursor       cursor[F]
	expected     expectation
}

const (
	// batch is how many bytes of a tensor a worker takes at a time: two tensors of them stay in the
	// first-level cache until they are read again, where that has 32 KB.
	batch = 1 << 14

	// fewestRows is how many rows it takes at least, if they have no more than largeBatch: what is
	// done once for rows side by side in a vector would count beside fewer. Three tensors of so
	// much, five at most, and what is fetched for the next stay in the second-level cache.
	fewestRows = 4
	largeBatch = 1 << 16

	// mostRows is how many rows it takes at most: where classes are few, records are larger
	// than rows.
	mostRows = 256
)

// start makes a worker ready for a pass.
func (w *worker[F]) start(p *pass[F], capacity int) {
	t := p.task
	w.expected = newExpectation(t.problem.classes())
	for n, k := range t.kinds {
		w.acceptances[n] = k.acceptance(pair{t.problem.Pred, t.problem.Target})
	}
	w.pass, w.records = p, pool.Get().(*records)
	w.grow(capacity)
	clear(w.found)
	if t.constant {
		for i := range capacity {
			w.factors[i] = t.factor
		}
	}
	w.cursor.task = t
	w.cursor.Problem, w.cursor.row.uniform = t.problem, t.uniform
}

func (w *worker[F]) release() { pool.Put(w.records) }

func (w *worker[F]) visit(from, to int) {
	w.first, w.count = from, to-from
	w.open()
	clear(w.done[:w.count])
	if !w.located() {
		w.locate()
	}
	if w.fast != nil && w.attempt() {
		return
	}
	c := &w.cursor
	for i := range w.count {
		switch {
		case w.factors[i] == 0:
			w.drop(i)
		case !w.done[i]:
			for o := range operandCount {
				c.offset[o] = w.offset(o, i)
			}
			c.factor = w.factors[i]
			if c.weigh() {
				w.slow(c, from+i)
			} else {
				w.drop(i)
			}
		}
	}
}

// complete reports whether all rows in work are done, and none is to be dropped.
func (w *worker[F]) complete() bool {
	return w.constant && w.factor != 0 && bytes.IndexByte(w.doneBytes(), 0) < 0
}

// doneBytes is done as bytes, which are searched many at a time: one by one they took more than a
// nanosecond a row, of the fifty that 128 classes take.
func (w *worker[F]) doneBytes() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(w.done))), w.count)
}

// attempt tries the kinds of kernels one after the other, and reports whether all rows are done.
// The first takes all the rows at once where they are packed.
func (w *worker[F]) attempt() bool {
	for n, k := range w.kinds {
		w.kind, w.sums = float64(n+1), w.found
		if n == 0 && w.noted != nil {
			w.sums = w.noted
		}
		if n == 0 && w.packed {
			w.fast(w, k, 0, w.count)
		} else {
			w.attemptEach(k)
		}
		if w.complete() {
			return true
		}
	}
	return false
}

// attemptEach tries a kind on the rows that are not done, one by one.
func (w *worker[F]) attemptEach(k *rowKernels[F]) {
	for i := range w.count {
		if !w.done[i] && w.factors[i] != 0 {
			w.fast(w, k, i, 1)
		}
	}
}

// open finds what is noted of the rows in work, and what was.
func (w *worker[F]) open() {
	t := w.task
	switch {
	case t.allNoted != nil:
		w.noted = t.allNoted[w.first:][:w.count]
	case !t.passing:
	case w == w.leader:
		if len(w.passed) < len(w.done) {
			w.passed = make([]rowSums, len(w.done))
		}
		w.noted = w.passed[:w.count]
		clear(w.noted)
	default:
		w.known = w.leader.noted
	}
	if t.allKnown != nil {
		w.known = t.allKnown[w.first:][:w.count]
	}
}

// locate finds the rows in work and their factors.
func (w *worker[F]) locate() {
	if len(w.offsets) < len(w.done) {
		w.offsets = make([][operandCount]int, len(w.done))
	}
	rows(w.problem.Shape, w.problem.Axis, w.first, w.first+w.count, w.strides[:], func(number int, offset []int) {
		i := number - w.first
		copy(w.offsets[i][:], offset)
		w.factors[i] = w.product(func(o operand) int { return offset[o] })
		switch {
		case w.scales == nil || w.factors[i] == 0:
		case w.scales[number] == 0:
			w.factors[i] = 0
		default:
			w.factors[i] *= w.scales[number]
		}
	})
}

// offset is where row i of those in work starts in an operand.
func (w *worker[F]) offset(o operand, i int) int {
	switch {
	case !w.located():
		return w.offsets[i][o]
	case o.factor():
		return 0
	}
	return (w.first + i) * w.problem.classes()
}

// at is the first class of row i of those in work.
func (w *worker[F]) at(o operand, i int) *F { return &w.tensors[o].Data[w.offset(o, i)] }

// spareRows has the place of as many rows as are in work.
func (w *worker[F]) spareRows() *F {
	if n := w.count * w.problem.classes(); len(w.spare) < n {
		w.spare = make([]F, n)
	}
	return &w.spare[0]
}

// drop clears row i of a packed result; others are made of zeros.
func (w *worker[F]) drop(i int) {
	if out := w.tensors[outOperand].Data; out != nil && w.packed {
		start := w.offset(outOperand, i)
		clear(out[start : start+w.problem.classes()])
	}
	if w.noted != nil {
		w.noted[i] = rowSums{}
	}
	if w.losses != nil {
		w.losses[w.first+i] = 0
	}
}
