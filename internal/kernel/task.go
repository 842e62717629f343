package kernel

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

	// The operands that g is a product of: those that are one number for each row,
	// and those that differ along its classes.
	rowFactors, classFactors []operand

	// Of all rows; where they do not differ, constant is set.
	factor   float64
	constant bool

	kinds  []*rowKernels[F] // none where the rows are not as they need them
	packed bool             // rows follow one another in memory in every tensor
}

func newTask[F Float](p Problem, in *Operands[F], out View[F]) *task[F] {
	t := &task[F]{
		problem: p, tensors: [operandCount]View[F]{in.Pred, in.Target, out, in.Tangent, in.Weight, in.Upstream},
		factor: p.Scale, constant: true, packed: true,
	}
	contiguous := true
	for o := range operandCount {
		v := &t.tensors[o]
		switch {
		case v.Strides == nil:
			v.Strides = make([]int, len(p.Shape))
		case !o.factor():
			contiguous = contiguous && (v.Strides[p.Axis] == 1 || p.classes() == 1)
			t.packed = t.packed && packed(p, v.Strides)
		case v.Strides[p.Axis] == 0:
			t.rowFactors = append(t.rowFactors, o)
			t.constant = t.constant && allEqual(v.Strides, 0)
		default:
			t.classFactors = append(t.classFactors, o)
			t.constant = false
		}
		t.strides[o] = v.Strides
	}
	if t.constant {
		t.factor = t.product(func(operand) int { return 0 })
	}
	if contiguous && len(t.classFactors) == 0 {
		t.kinds = in.kinds
		if t.kinds == nil {
			t.kinds = kernelsOf[F]()
		}
	}
	return t
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
	for _, o := range t.rowFactors {
		weight := float64(t.tensors[o].Data[offset(o)])
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
func (t *task[F]) each(fast attempt[F], slow func(c *cursor[F], number int), finish func(w *worker[F])) {
	parallel(t.rowCount(), t.problem.classes(), func() func(from, to int) {
		w := newWorker(t, fast != nil)
		return func(from, to int) {
			for ; from < to; from += w.capacity {
				w.visit(fast, slow, from, min(from+w.capacity, to))
				if finish != nil {
					finish(w)
				}
			}
		}
	})
}

// worker goes through a task's rows, some at a time.
type worker[F Float] struct {
	*task[F]
	capacity     int
	first, count int // the rows in work

	factors      []float64
	offsets      [][operandCount]int // set unless the rows are packed and the factors constant
	done         []bool
	losses       []float64
	sums         []rowSums
	coefficients []coefficients
	spare        []F // as large as the rows in work

	cursor cursor[F]
}

// batch is how many elements a worker takes at a time: what it reads twice is to stay
// in the first cache.
const batch = 1 << 12

func newWorker[F Float](t *task[F], fast bool) *worker[F] {
	w := &worker[F]{task: t, capacity: 1}
	if fast && t.packed {
		w.capacity = min(max(1, batch/t.problem.classes()), t.rowCount())
	}
	n := w.capacity
	w.factors, w.done = make([]float64, n), make([]bool, n)
	if fast {
		w.losses, w.sums, w.coefficients = make([]float64, n), make([]rowSums, n), make([]coefficients, n)
	}
	if t.constant {
		for i := range w.factors {
			w.factors[i] = t.factor
		}
	}
	if !t.constant || !t.packed {
		w.offsets = make([][operandCount]int, n)
	}
	w.cursor = cursor[F]{task: t, row: row{Problem: t.problem, uniform: len(t.classFactors) == 0}}
	return w
}

func (w *worker[F]) visit(fast attempt[F], slow func(c *cursor[F], number int), from, to int) {
	w.first, w.count = from, to-from
	clear(w.done)
	if w.offsets != nil {
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
	case w.offsets != nil:
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
	if w.spare == nil {
		w.spare = make([]F, w.capacity*w.problem.classes())
	}
	return &w.spare[0]
}

// drop clears row i of a packed result; others are made of zeros.
func (w *worker[F]) drop(i int) {
	if out := w.tensors[outOperand].Data; out != nil && w.packed {
		start := w.offset(outOperand, i)
		clear(out[start : start+w.problem.classes()])
	}
	w.done[i] = true
	if w.losses != nil {
		w.losses[i] = 0
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
	if c.uniform {
		return true
	}
	c.fillWeights()
	for _, o := range c.classFactors {
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
	if c.uniform {
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
