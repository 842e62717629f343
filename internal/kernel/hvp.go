package kernel

// HVP returns the derivative, along Tangent of one input, of the gradient of
// ⟨Loss, Upstream⟩ with respect to wrt. As second derivatives commute it is
// also the gradient of ⟨VJP(along), Tangent⟩ with respect to wrt.
func HVP[F Float](p Problem, along, wrt Side, in *Operands[F]) []F {
	if p.Family != KL {
		return mapRows(newMapping(p, in, in.Out[wrt], nil, pointwiseSecond(along, wrt)))
	}
	return mapRows(newMapping(p, in, in.Out[wrt], fastHVP[F](p, along, wrt), secondDerivatives[along][wrt]))
}

// secondDerivatives is indexed by the side the tangent belongs to, then by the
// side of the gradient.
var secondDerivatives = [2][2]func(*row){
	Pred: {
		Pred:   (*row).predAlongPred,
		Target: (*row).targetAlongPred,
	},
	Target: {
		Pred:   (*row).predAlongTarget,
		Target: (*row).targetAlongTarget,
	},
}

// predAlongPred differentiates −d·∂ℓ/∂x once more in x; the loss is linear in
// ℓ, so only the curvature of ℓ(x) is left.
func (w *row) predAlongPred() {
	w.predCotangent()
	clear(w.out)
	switch w.Pred {
	case Logits:
		if allZero(w.work) {
			return
		}
		sum := total(w.work)
		w.pushPred()
		for i, q := range w.q {
			if q != 0 {
				w.out[i] = sum * q * w.v[i]
			}
		}
	case Probs:
		for i, d := range w.work {
			if d != 0 {
				w.out[i] = d / w.x[i] * (w.v[i] / w.x[i]) // in range where x² is not
			}
		}
	}
}

// predAlongTarget differentiates d in p: ḋ = g·ṗ.
func (w *row) predAlongTarget() {
	w.pushTarget()
	for i, g := range w.g {
		w.work[i] = 0
		if w.kept(i) {
			w.work[i] = g * w.v[i]
		}
	}
	w.pullPred()
}

// targetAlongPred differentiates a in ℓ: ȧ = −g·ℓ̇.
func (w *row) targetAlongPred() {
	w.pushPred()
	for i := range w.work {
		w.work[i] = 0
		if w.kept(i) {
			w.work[i] = 0 - w.g[i]*w.v[i]
		}
	}
	w.pullTarget()
}

// targetAlongTarget differentiates a and the curvature of p(t).
func (w *row) targetAlongTarget() {
	switch w.Target {
	case Probs:
		for i, p := range w.p {
			w.out[i] = 0
			if w.kept(i) {
				shifted := p + w.Epsilon
				w.out[i] = w.g[i] * (w.v[i] / shifted) * ((shifted + w.Epsilon) / shifted)
			}
		}
	case LogProbs:
		for i, p := range w.p {
			w.out[i] = 0
			if w.kept(i) {
				w.out[i] = w.g[i] * w.v[i] * p * (w.r[i] + 2)
			}
		}
	case Logits:
		w.targetLogitsCurvature()
	}
}

// targetLogitsCurvature computes, with λ̇ = v − ⟨p,v⟩ and A = ⟨p,a⟩,
//
//	p·(λ̇·(a − A) + g·λ̇ − Ȧ),  Ȧ = ⟨p, λ̇·(a + g)⟩
func (w *row) targetLogitsCurvature() {
	w.targetCotangent()
	subtract(w.v, dot(w.p, w.v))
	mean := dot(w.p, w.work)
	var meanDot sum
	for i, p := range w.p {
		if p != 0 {
			meanDot.add(p * w.v[i] * (w.work[i] + w.g[i]))
		}
	}
	for i, p := range w.p {
		w.out[i] = 0
		if p != 0 {
			w.out[i] = p * (w.v[i]*(w.work[i]-mean+w.g[i]) - meanDot.value())
		}
	}
}

// pushPred turns v from a tangent of pred into ℓ̇. A class of logits with no
// probability has no share in the mean.
func (w *row) pushPred() {
	switch w.Pred {
	case Logits:
		subtract(w.v, dot(w.q, w.v))
	case Probs:
		for i, x := range w.x {
			w.v[i] /= x
		}
	}
}

// pushTarget turns v from a tangent of the target into ṗ.
func (w *row) pushTarget() {
	if w.Target == Probs {
		return
	}
	if w.Target == Logits {
		subtract(w.v, dot(w.p, w.v))
	}
	for i, p := range w.p {
		if p == 0 {
			w.v[i] = 0
		} else {
			w.v[i] *= p
		}
	}
}

func subtract(x []float64, c float64) {
	for i := range x {
		x[i] -= c
	}
}
