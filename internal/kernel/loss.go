package kernel

// Loss returns out[j] = Σ Scale·s·p·r.
func Loss[F Float](p Problem, in *Operands[F]) []F {
	return reduce(p, in, fastLoss[F](p), (*row).lossTerms)
}

// JVP returns the directional derivative of Loss along a tangent of one input:
// out[j] = Σ Scale·s·(ṗ·(r + 1) − p·ℓ̇), of which the tangent of pred sets ℓ̇
// and the tangent of the target sets ṗ.
func JVP[F Float](p Problem, along Side, in *Operands[F]) []F {
	if along == Pred {
		return reduce(p, in, nil, (*row).predTangentTerms)
	}
	return reduce(p, in, nil, (*row).targetTangentTerms)
}

// reduce sums every row's terms into the outputs they belong to. terms writes one
// term a class into row.out; fast finds their sum. Rows are added in their order, so
// that the result does not depend on the number of goroutines.
func reduce[F Float](p Problem, in *Operands[F], fast attempt[F], terms func(*row)) []F {
	out := View[F]{make([]F, p.OutSize), p.OutStrides}
	in = &Operands[F]{Pred: in.Pred, Target: in.Target, Weight: in.Weight, Tangent: in.Tangent, kinds: in.kinds}
	if p.elementwise() {
		newTask(p, in, out).each(nil, func(c *cursor[F], _ int) {
			c.load()
			terms(&c.row)
			c.store()
		})
		return out.Data
	}
	t := newTask(p, in, View[F]{})
	t.losses = make([]float64, t.rowCount())
	t.each(fast, func(c *cursor[F], number int) {
		c.load()
		terms(&c.row)
		t.losses[number] = total(c.out)
	})
	if len(out.Data) == 1 {
		out.Data[0] = F(total(t.losses))
		return out.Data
	}
	sums := make([]sum, p.OutSize)
	rows(p.Shape, p.Axis, 0, len(t.losses), [][]int{p.OutStrides}, func(number int, offset []int) {
		sums[offset[0]].add(t.losses[number])
	})
	for i := range sums {
		out.Data[i] = F(sums[i].value())
	}
	return out.Data
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
