package kernel

import "math"

// VJP returns the gradient of ⟨Loss, Upstream⟩ with respect to one input.
func VJP[F Float](p Problem, wrt Side, in *Operands[F]) []F {
	return mapRows(gradientPass(p, wrt, in))
}

// gradient writes one row's gradient.
func gradient(p Problem, wrt Side) func(*row) {
	switch {
	case p.Family != KL:
		return pointwiseGradient(wrt)
	case wrt == Pred:
		return (*row).predGradient
	}
	return (*row).targetGradient
}

func gradientPass[F Float](p Problem, wrt Side, in *Operands[F]) pass[F] {
	return newMapping(p, in, in.Out[wrt], fastGradient[F](p, wrt), gradient(p, wrt))
}

// newMapping is a pass that writes what compute leaves in row.out to out, or to fresh memory
// if that is nil. A row that is dropped as a whole gives 0 whatever it holds.
func newMapping[F Float](p Problem, in *Operands[F], out []F, fast attempt[F], compute func(*row)) pass[F] {
	t := newTask(p, in, in.Upstream, View[F]{nil, RowMajor(p.Shape)})
	switch {
	case out != nil:
		if !t.packed {
			clear(out)
		}
	case t.packed:
		out = Unwritten[F](size(p.Shape)) // every row of which is written, or cleared
	default:
		out = make([]F, size(p.Shape))
	}
	t.tensors[outOperand].Data = out
	return pass[F]{t, fast, func(c *cursor[F], _ int) {
		c.load()
		compute(&c.row)
		c.store()
	}}
}

// mapRows visits every row of a mapping and returns the result.
func mapRows[F Float](m pass[F]) []F {
	visitAll(m)
	return m.tensors[outOperand].Data
}

func (w *row) predGradient() {
	if w.bothLogits() {
		for i, p := range w.p {
			w.out[i] = w.g[i] * difference(p, w.q[i], w.r[i])
		}
		return
	}
	w.predCotangent()
	w.pullPred()
}

func (w *row) targetGradient() {
	w.targetCotangent()
	w.pullTarget()
}

// predCotangent sets work = d = g·p, NaN where log q is.
func (w *row) predCotangent() {
	for i, p := range w.p {
		switch {
		case !w.kept(i):
			w.work[i] = 0
		case math.IsNaN(w.r[i]):
			w.work[i] = math.NaN()
		default:
			w.work[i] = w.g[i] * p
		}
	}
}

// targetCotangent sets work = a. For logits of a row weighted as a whole the
// constant 1 in g·(r + 1) cancels in pullTarget and is left out.
func (w *row) targetCotangent() {
	for i := range w.work {
		switch {
		case !w.kept(i):
			w.work[i] = 0
		case w.Target == Logits && w.uniform:
			w.work[i] = w.g[i] * w.r[i]
		default:
			w.work[i] = w.g[i] * (w.r[i] + w.slope(i))
		}
	}
}

// pullPred maps d in work, which flows into −ℓ, to pred's form: out = −d·∂ℓ/∂x.
func (w *row) pullPred() {
	switch w.Pred {
	case Logits:
		w.pullPredLogits()
	case LogProbs:
		for i, d := range w.work {
			w.out[i] = 0 - d
		}
	case Probs:
		for i, d := range w.work {
			w.out[i] = 0
			if d != 0 {
				w.out[i] = 0 - d/w.x[i]
			}
		}
	}
}

func (w *row) pullPredLogits() {
	if allZero(w.work) {
		clear(w.out)
		return
	}
	sum := total(w.work)
	for i, d := range w.work {
		w.out[i] = w.q[i]*sum - d
	}
}

// pullTarget maps a in work, which flows into p, to the target's form.
func (w *row) pullTarget() {
	switch w.Target {
	case Probs:
		copy(w.out, w.work)
	case LogProbs:
		for i, a := range w.work {
			w.out[i] = 0
			if w.kept(i) {
				w.out[i] = w.p[i] * a
			}
		}
	case Logits:
		mean := dot(w.p, w.work)
		for i, a := range w.work {
			w.out[i] = 0
			if w.p[i] != 0 {
				w.out[i] = w.p[i] * (a - mean)
			}
		}
	}
}

func allZero(x []float64) bool {
	for _, xi := range x {
		if xi != 0 {
			return false
		}
	}
	return true
}
