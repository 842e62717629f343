package kernel

// Loss returns out[j] = Σ Scale·s·p·r.
func Loss[F Float](p Problem, in *Operands[F]) []F {
	return reduce(p, in, View[F]{}, (*row).lossTerms)
}

// JVP returns the directional derivative of Loss along a tangent of one input:
// out[j] = Σ Scale·s·(ṗ·(r + 1) − p·ℓ̇), of which the tangent of pred sets ℓ̇
// and the tangent of the target sets ṗ.
func JVP[F Float](p Problem, along Side, in *Operands[F]) []F {
	terms := (*row).predTangentTerms
	if along == Target {
		terms = (*row).targetTangentTerms
	}
	return reduce(p, in, in.Tangent, terms)
}

// reduce sums every row's terms into the outputs they belong to. terms writes
// one term a class into row.out.
func reduce[F Float](p Problem, in *Operands[F], tangent View[F], terms func(*row)) []F {
	out := View[F]{make([]F, p.OutSize), p.OutStrides}
	if p.elementwise() {
		eachRow(p, in, View[F]{}, tangent, p.OutStrides, func(w *row, offset int) {
			terms(w)
			scatter(out, offset, p.Axis, w.out)
		})
		return out.Data
	}
	sums := make([]sum, p.OutSize)
	eachRow(p, in, View[F]{}, tangent, p.OutStrides, func(w *row, offset int) {
		terms(w)
		for _, term := range w.out {
			sums[offset].add(term)
		}
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
