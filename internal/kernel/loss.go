package kernel

// Loss returns out[j] = Σ Scale·s·p·r.
func Loss[F Float](p Problem, in *Operands[F]) []F {
	if in.Statistics != nil {
		return sumRows[F](p, in.Statistics[divergence:], StatisticsSize)
	}
	return reduce(p, in, fastLoss[F](p), p.terms())
}

// terms writes what Loss sums.
func (p Problem) terms() func(*row) {
	if p.Family != KL {
		return (*row).pointwiseTerms
	}
	return (*row).lossTerms
}

// JVP returns the directional derivative of Loss along a tangent of one input:
// out[j] = Σ Scale·s·(ṗ·(r + 1) − p·ℓ̇), of which the tangent of pred sets ℓ̇
// and the tangent of the target sets ṗ.
func JVP[F Float](p Problem, along Side, in *Operands[F]) []F {
	switch {
	case p.Family != KL:
		return reduce(p, in, nil, pointwiseTangent(along))
	case along == Pred:
		return reduce(p, in, nil, (*row).predTangentTerms)
	}
	return reduce(p, in, nil, (*row).targetTangentTerms)
}

// reduce sums every row's terms into the outputs they belong to. terms writes one
// term a class into row.out; fast finds their sum.
func reduce[F Float](p Problem, in *Operands[F], fast attempt[F], terms func(*row)) []F {
	if p.elementwise() {
		return mapTerms(p, in, terms)
	}
	t := newTask(p, in, View[F]{}, View[F]{})
	t.losses = make([]float64, t.rowCount())
	visitAll(t.summing(fast, terms))
	return sumRows[F](p, t.losses, 1)
}

// mapTerms is reduce where every term has an output of its own, apart for the room that it
// takes on the stack.
func mapTerms[F Float](p Problem, in *Operands[F], terms func(*row)) []F {
	out := View[F]{make([]F, p.OutSize), p.OutStrides}
	newTask(p, in, View[F]{}, out).each(nil, func(c *cursor[F], _ int) {
		c.load()
		terms(&c.row)
		c.store()
	})
	return out.Data
}

// summing is a pass that notes the sum of each row's terms.
func (t *task[F]) summing(fast attempt[F], terms func(*row)) pass[F] {
	return pass[F]{t, fast, func(c *cursor[F], number int) {
		c.load()
		terms(&c.row)
		t.setLoss(number, total(c.out))
	}}
}

// setLoss notes a row's loss where losses are kept.
func (t *task[F]) setLoss(row int, loss float64) {
	if t.losses != nil {
		t.losses[row] = loss
	} else {
		t.allNoted[row][divergence] = loss
	}
}

// sumRows adds the losses of rows, every step-th number, in their order, so that the result does
// not depend on the number of goroutines.
func sumRows[F Float](p Problem, losses []float64, step int) []F {
	out := make([]F, p.OutSize)
	if len(out) == 1 {
		var s sum
		for i := 0; i < len(losses); i += step {
			s = s.with(losses[i])
		}
		out[0] = F(s.value())
		return out
	}
	sums := make([]sum, p.OutSize)
	rows(p.Shape, p.Axis, 0, size(p.Shape)/p.classes(), [][]int{p.OutStrides}, func(number int, offset []int) {
		sums[offset[0]].add(losses[number*step])
	})
	for i := range sums {
		out[i] = F(sums[i].value())
	}
	return out
}

func (w *row) lossTerms() {
	nonNegative := w.bothLogits() && !w.elementwise()
	for i, p := range w.p {
		switch {
		case w.g[i] == 0:
			w.out[i] = 0
		case nonNegative:
			w.out[i] = w.g[i] * excess(p, w.q[i], w.r[i])
		case p == 0:
			w.out[i] = 0
		default:
			w.out[i] = w.g[i] * p * w.r[i]
		}
	}
}

func (w *row) predTangentTerms() {
	w.pushPred()
	w.predCotangent()
	for i, d := range w.work {
		w.out[i] = 0
		if d != 0 {
			w.out[i] = 0 - d*w.v[i]
		}
	}
}

func (w *row) targetTangentTerms() {
	w.pushTarget()
	for i, pDot := range w.v {
		w.out[i] = 0
		if w.kept(i) {
			w.out[i] = w.g[i] * pDot * (w.r[i] + w.slope(i))
		}
	}
}
