package kernel

import "math"

// VJP returns the gradient of ⟨Loss, Upstream⟩ with respect to one input.
func VJP[F Float](p Problem, wrt Side, in *Operands[F]) []F {
	switch {
	case p.Family != KL:
		return mapRows(p, in, fastGradient[F](p, wrt), pointwiseGradient(wrt))
	case wrt == Pred:
		return mapRows(p, in, fastGradient[F](p, wrt), (*row).predGradient)
	}
	return mapRows(p, in, fastGradient[F](p, wrt), (*row).targetGradient)
}

// mapRows applies compute, which writes row.out, to every row that is not
// dropped as a whole; a dropped row's result is 0 whatever it holds.
func mapRows[F Float](p Problem, in *Operands[F], fast attempt[F], compute func(*row)) []F {
	t := newTask(p, in, View[F]{nil, RowMajor(p.Shape)})
	out := &t.tensors[outOperand].Data
	switch {
	case in.Out != nil:
		*out = in.Out
		if !t.packed {
			clear(*out)
		}
	case t.packed:
		*out = unwritten[F](size(p.Shape)) // every row of which is written, or cleared
	default:
		*out = make([]F, size(p.Shape))
	}
	t.each(fast, func(c *cursor[F], _ int) {
		c.load()
		compute(&c.row)
		c.store()
	})
	return *out
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
