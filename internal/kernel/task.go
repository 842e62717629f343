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

	// Of the operands that g is a product of, which are one number for each row, and
	// which differ along its classes.
	rowFactor, classFactor [operandCount]bool
	uniform                bool // none differ along the classes

	// Of all rows; where they do not differ, constant is set.
	factor   float64
	constant bool

	scales []float64 // by row, see rowScales

	kinds  []*rowKernels[F] // none where the rows are not as they need them
	packed bool             // rows follow one another in memory in every tensor

	// By row, where there is no result by class: losses, or with more, see Statistics.
	losses   []float64
	allNoted []rowSums
	allKnown []rowSums // what was noted earlier, or nil

	// Where gradients' passes follow their loss's, and nobody else reads what it notes, it is
	// noted of the rows in work only. Where the one that follows is made of what is kept it need
	// not be noted if all goes well.
	passing, finishing bool

	// Where a gradient's pass follows its loss's, the place of a packed result, in which the
	// first kind of kernels leaves exponentials from the one to the other; else nil.
	kept []F
}

// noStrides are the strides of what is not there.
var noStrides [16]int

// newTask takes upstream by itself, which a loss is without.
func newTask[F Float](p Problem, in *Operands[F], upstream, out View[F]) *task[F] {
	t := new(task[F])
	t.problem = p
	t.tensors[predOperand], t.tensors[targetOperand], t.tensors[outOperand] = in.Pred, in.Target, out
	t.tensors[tangentOperand], t.tensors[weightOperand], t.tensors[upstreamOperand] = in.Tangent, in.Weight, upstream
	t.factor, t.constant, t.packed, t.uniform = p.Scale, true, true, true
	t.allKnown = in.statistics()
	if t.scales = rowScales(p, in); t.scales != nil {
		t.constant = false
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
			t.kinds = kernelsFor[F](p)
		}
		for len(t.kinds) > 0 && !t.kinds[0].takes(p) {
			t.kinds = t.kinds[1:]
		}
	}
	return t
}

// takes reports whether the kernels are made for a problem, which those that follow in a
// list are then too.
func (k *rowKernels[F]) takes(p Problem) bool {
	all := k.probsLoss != nil
	return p.classes() >= k.minClasses && (all || p.Family == KL && p.Pred != Probs)
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

// located reports whether the rows' places follow from their numbers.
func (t *task[F]) located() bool { return t.constant && t.packed }
