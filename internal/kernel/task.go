package kernel

import "sync"

// operand numbers a task's tensors.
type operand int

const (
	predOperand operand = iota
	targetOperand
	outOperand
	tangentOperand
	weightOperand
	upstreamOperand
	operandCount
)

// factor reports whether g is a product of the operand, among others.
func (o operand) factor() bool { return o == weightOperand || o == upstreamOperand }

// task is a problem with all its tensors; those it does without have no strides in
// the operands.
type task[F Float] struct {
	problem Problem
	tensors [operandCount]View[F]
	strides [operandCount][]int

	// Of the operands that g is a product of, which are one number for each row, and
	// which differ along its classes.
	rowFactor, classFactor [operandCount]bool
	uniform                bool // none differ along the classes

	// Of all rows; where they do not differ, constant is set.
	factor   float64
	constant bool

	kinds  []*rowKernels[F] // none where the rows are not as they need them
	packed bool             // rows follow one another in memory in every tensor

	losses []float64 // by row, where there is no result by class
}

// noStrides are the strides of what is not there.
var noStrides [16]int

func newTask[F Float](p Problem, in *Operands[F], out View[F]) *task[F] {
	t := &task[F]{
		problem: p, tensors: [operandCount]View[F]{in.Pred, in.Target, out, in.Tangent, in.Weight, in.Upstream},
		factor: p.Scale, constant: true, packed: true, uniform: true,
	}
	contiguous := true
	for o := range operandCount {
		v := &t.tensors[o]
		switch {
		case v.Strides == nil:
			v.Strides = zeroStrides(len(p.Shape))
		case !o.factor():
			contiguous = contiguous && (v.Strides[p.Axis] == 1 || p.classes() == 1)
			t.packed = t.packed && packed(p, v.Strides)
		case v.Strides[p.Axis] == 0:
			t.rowFactor[o] = true
			t.constant = t.constant && allEqual(v.Strides, 0)
		default:
			t.classFactor[o] = true
			t.constant, t.uniform = false, false
		}
		t.strides[o] = v.Strides
	}
	if t.constant {
		t.factor = t.product(func(operand) int { return 0 })
	}
	if contiguous && t.uniform {
		t.kinds = in.kinds
		if t.kinds == nil {
			t.kinds = kernelsOf[F]()
		}
	}
	return t
}

func zeroStrides(rank int) []int {
	if rank > len(noStrides) {
		return make([]int, rank)
	}
	return noStrides[:rank]
}

// packed reports whether a tensor's classes lie side by side and its rows follow one
// another.
func packed(p Problem, strides []int) bool {
	step := 1
	for k := len(p.Shape) - 1; k >= 0; k-- {
		d := p.Shape[k]
		if d > 1 && (strides[k] != step || step == 1 && k != p.Axis) {
			return false
		}
		step *= d
	}
	return true
}

func allEqual(x []int, to int) bool {
	for _, xi := range x {
		if xi != to {
			return false
		}
	}
	return true
}

func (t *task[F]) rowCount() int { return size(t.problem.Shape) / t.problem.classes() }

// product returns the scale times a row's factors. A zero drops the row, whatever
// the other factors are.
func (t *task[F]) product(offset func(operand) int) float64 {
	factor := t.problem.Scale
	for o, is := range t.rowFactor {
		if !is {
			continue
		}
		weight := float64(t.tensors[o].Data[offset(operand(o))])
		if weight == 0 || factor == 0 {
			return 0
		}
		factor *= weight
	}
	return factor
}

// attempt computes n rows from the worker's row i on with one kind of kernels, and
// marks those that are done.
type attempt[F Float] func(w *worker[F], k *rowKernels[F], i, n int)

// each visits every row, many at a time: by fast, which may be nil, and one by one by
// slow where fast does not do it. A row that is dropped as a whole is visited by
// neither, and its part of a packed result cleared. slow is called from several
// goroutines, in no order, each with a cursor of its own.
func (t *task[F]) each(fast attempt[F], slow func(c *cursor[F], number int)) {
	capacity := 1
	if fast != nil && t.packed {
		capacity = min(max(1, batch/t.problem.classes()), t.rowCount())
	}
	parallel(t.rowCount(), t.problem.classes(), func(next func() (from, to int)) {
		w := newWorker(t, capacity)
		defer w.release()
		for from, to := next(); from < to; from, to = next() {
			for ; from < to; from += capacity {
				w.visit(fast, slow, from, min(from+capacity, to))
			}
		}
	})
}

// worker goes through a task's rows, some at a time.
type worker[F Float] struct {
	*task[F]
	*records
	first, count int // the rows in work
	spare        []F // as large as the rows in work
	cursor       cursor[F]
}

// records are what is noted of the rows in work.
type records struct {
	factors      []float64
	offsets      [][operandCount]int // of a task's operands, set unless its rows are packed and its factors constant
	done         []bool
	sums         []rowSums // and one more, see targetSums
	coefficients []coefficients
}

// batch is how many elements a worker takes at a time: what it reads twice is to stay
// in the first cache.
const batch = 1 << 11

// pool keeps records for the next worker: a small task would spend its time making
// them.
var pool = sync.Pool{New: func() any { return new(records) }}

func (r *records) grow(n int) {
	if len(r.done) >= n {
		return
	}
	*r = records{
		factors: make([]float64, n), offsets: make([][operandCount]int, n), done: make([]bool, n),
		sums: make([]rowSums, n+1), coefficients: make([]coefficients, n),
	}
}

func newWorker[F Float](t *task[F], capacity int) *worker[F] {
	w := &worker[F]{task: t, records: pool.Get().(*records)}
	w.grow(capacity)
	clear(w.sums)
	if t.constant {
		for i := range capacity {
			w.factors[i] = t.factor
		}
	}
	w.cursor = cursor[F]{task: t, row: row{Problem: t.problem, uniform: t.uniform}}
	return w
}

func (w *worker[F]) release() { pool.Put(w.records) }

// located reports whether the rows' places follow from their numbers.
func (t *task[F]) located() bool { return t.constant && t.packed }

func (w *worker[F]) visit(fast attempt[F], slow func(c *cursor[F], number int), from, to int) {
	w.first, w.count = from, to-from
	clear(w.done[:w.count])
	if !w.located() {
		w.locate()
	}
	if fast != nil {
		w.attempt(fast)
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
				slow(c, from+i)
			} else {
				w.drop(i)
			}
		}
	}
}

// attempt tries the kinds of kernels one after the other. The first takes all the
// rows at once where they are packed.
func (w *worker[F]) attempt(fast attempt[F]) {
	for n, k := range w.kinds {
		if n == 0 && w.packed {
			fast(w, k, 0, w.count)
			continue
		}
		for i := range w.count {
			if !w.done[i] && w.factors[i] != 0 {
				fast(w, k, i, 1)
			}
		}
	}
}

// locate finds the rows in work and their factors.
func (w *worker[F]) locate() {
	rows(w.problem.Shape, w.problem.Axis, w.first, w.first+w.count, w.strides[:], func(number int, offset []int) {
		i := number - w.first
		copy(w.offsets[i][:], offset)
		w.factors[i] = w.product(func(o operand) int { return offset[o] })
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
	if w.losses != nil {
		w.losses[w.first+i] = 0
	}
}

// cursor stands at one row of a task that goes the portable way.
type cursor[F Float] struct {
	*task[F]
	row
	offset [operandCount]int
	factor float64 // g without the class factors
}

// weigh sets g where it differs along the classes, and reports whether any of it is
// not 0.
func (c *cursor[F]) weigh() bool {
	if c.row.uniform {
		return true
	}
	c.fillWeights()
	for o, is := range c.classFactor {
		if !is {
			continue
		}
		multiply(c.g, c.tensors[o], c.offset[o], c.problem.Axis)
	}
	return !allZero(c.g)
}

func (c *cursor[F]) fillWeights() {
	c.allocate()
	for i := range c.g {
		c.g[i] = c.factor
	}
}

// load fills the row.
func (c *cursor[F]) load() {
	if c.row.uniform {
		c.fillWeights()
	}
	axis := c.problem.Axis
	gather(c.x, c.tensors[predOperand], c.offset[predOperand], axis)
	gather(c.work, c.tensors[targetOperand], c.offset[targetOperand], axis)
	c.loadDistributions(c.work)
	if v := c.tensors[tangentOperand]; v.Data != nil {
		gather(c.v, v, c.offset[tangentOperand], axis)
	}
}

// store writes row.out.
func (c *cursor[F]) store() {
	scatter(c.tensors[outOperand], c.offset[outOperand], c.problem.Axis, c.out)
}
