package kernel

// operand numbers a task's tensors.
type operand int

const (
	predOperand operand = iota
	targetOperand
	outOperand
	weightOperand
	upstreamOperand
	tangentOperand
	operandCount
)

// task is a problem with all its tensors; those it does without have no data.
type task[F Float] struct {
	problem Problem
	tensors [operandCount]View[F]
	strides [][]int

	// The operands that g is a product of: those that are one number for each row,
	// and those that differ along its classes.
	rowFactors, classFactors []operand
}

func newTask[F Float](p Problem, in *Operands[F], out View[F]) *task[F] {
	t := &task[F]{problem: p, tensors: [operandCount]View[F]{in.Pred, in.Target, out, in.Weight, in.Upstream, in.Tangent}}
	for o, v := range t.tensors {
		factor := operand(o) == weightOperand || operand(o) == upstreamOperand
		switch {
		case v.Data == nil:
			v.Strides = make([]int, len(p.Shape))
		case factor && v.Strides[p.Axis] == 0:
			t.rowFactors = append(t.rowFactors, operand(o))
		case factor:
			t.classFactors = append(t.classFactors, operand(o))
		}
		t.strides = append(t.strides, v.Strides)
	}
	return t
}

func (t *task[F]) rowCount() int { return size(t.problem.Shape) / t.problem.classes() }

// each visits every row that is not dropped as a whole, many at a time: visit is
// called from several goroutines, in no order, each with a cursor of its own.
func (t *task[F]) each(visit func(c *cursor[F], number int)) {
	parallel(t.rowCount(), t.problem.classes(), func() func(from, to int) {
		c := &cursor[F]{task: t, row: row{Problem: t.problem, uniform: len(t.classFactors) == 0}, vectors: vectors[F]()}
		return func(from, to int) {
			rows(t.problem.Shape, t.problem.Axis, from, to, t.strides, func(number int, offset []int) {
				c.offset = offset
				if !c.dropped() {
					visit(c, number)
				}
			})
		}
	})
}

// cursor stands at one row of a task.
type cursor[F Float] struct {
	*task[F]
	row
	vectors *vectorKernels[F] // nil where the machine has none
	offset  []int
	factor  float64 // g without the class factors
	sums    [3]float64
}

// dropped reports whether the row is weighted 0 as a whole, and sets its weights:
// factor, and g where they differ along the classes.
func (c *cursor[F]) dropped() bool {
	c.factor = c.problem.Scale
	for _, o := range c.rowFactors {
		weight := float64(c.tensors[o].Data[c.offset[o]])
		if weight == 0 || c.factor == 0 {
			return true
		}
		c.factor *= weight
	}
	if c.uniform {
		return c.factor == 0
	}
	c.fillWeights()
	for _, o := range c.classFactors {
		multiply(c.g, c.tensors[o], c.offset[o], c.problem.Axis)
	}
	return allZero(c.g)
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

// contiguous returns the row of an operand where it lies in one piece.
func (c *cursor[F]) contiguous(o operand) ([]F, bool) {
	v := &c.tensors[o]
	if v.Data == nil || v.Strides[c.problem.Axis] != 1 {
		return nil, false
	}
	return v.Data[c.offset[o]:][:c.classes()], true
}
