package kernel

import "math"

// row holds one row of classes in float64, loaded from its forms. A row is a
// workspace: it is loaded again for every row of the tensors.
type row struct {
	Problem

	x []float64 // pred as it was given
	p []float64 // NaN where the target is no probability
	q []float64 // set where pred is Logits
	r []float64 // 0 where p is 0
	g []float64

	uniform bool // g is the same for every class

	v    []float64 // tangent
	work []float64
	out  []float64
}

func (w *row) allocate() {
	if w.x != nil {
		return
	}
	n := w.classes()
	block := make([]float64, 8*n)
	for i, field := range []*[]float64{&w.x, &w.p, &w.q, &w.r, &w.g, &w.v, &w.work, &w.out} {
		*field = block[i*n : (i+1)*n : (i+1)*n]
	}
}

// loadDistributions sets p, q and r from pred in x and the target.
func (w *row) loadDistributions(target []float64) {
	if w.Pred == Logits && w.Target == Logits {
		w.loadLogitPair(target)
		return
	}
	w.loadLogQ(w.r)
	w.loadTarget(target, w.r)
}

func (w *row) loadLogQ(logQ []float64) {
	switch w.Pred {
	case Logits:
		shift, logSum := softmax(w.q, w.x)
		for i, x := range w.x {
			logQ[i] = x - shift - logSum
		}
	case LogProbs:
		copy(logQ, w.x)
	case Probs:
		for i := range w.x {
			w.x[i] += 0 // −0 becomes 0, whose reciprocal is that of the domain's edge
			logQ[i] = ln(w.x[i])
		}
	}
}

// loadTarget sets p, and r in place of log q.
func (w *row) loadTarget(t, logQ []float64) {
	var shift, logSum float64
	if w.Target == Logits {
		shift, logSum = softmax(w.p, t)
	}
	for i, ti := range t {
		logP := ti
		switch w.Target {
		case Probs:
			w.p[i] = ti
			if ti < 0 {
				w.p[i] = math.NaN()
			}
		case LogProbs:
			w.p[i] = math.Exp(ti)
		case Logits:
			logP = ti - shift - logSum
		}
		switch {
		case w.p[i] == 0:
			w.r[i] = 0
		case w.Target == Probs && w.Pred == Probs:
			w.r[i] = logRatio(w.p[i]+w.Epsilon, w.x[i])
		case w.Target == Probs:
			w.r[i] = ln(w.p[i]+w.Epsilon) - logQ[i]
		default:
			w.r[i] = logP - logQ[i]
		}
	}
}

// loadLogitPair sets p, q and r = log softmax(t) − log softmax(x) without the
// cancellation of subtracting two rounded logarithms: with δ the difference of t
// and x, each less its maximum, and Sₜ, Sₓ the sums of the shifted exponentials,
//
//	r = δ − log(Sₜ/Sₓ) = δ − log1p((Sₜ − Sₓ)/Sₓ)
//
// where Sₜ − Sₓ is summed term by term as exp(x)·expm1(δ). Logits that differ
// by 1e-5 so keep a log ratio of 1e-5 to full precision, whatever their offsets.
func (w *row) loadLogitPair(t []float64) {
	shiftT, logSumT := softmax(w.p, t)
	shiftX, logSumX := softmax(w.q, w.x)
	for i := range w.r {
		w.r[i] = shiftedDifference(t[i], w.x[i], shiftT, shiftX)
	}
	logSumRatio := logSumT - logSumX
	if math.Abs(logSumRatio) < 0.5 {
		var relative sum
		for i, qi := range w.q {
			if delta := w.r[i]; math.Abs(delta) < 1 {
				relative.add(qi * math.Expm1(delta))
			} else {
				// exp(t)/Sₓ − exp(x)/Sₓ, with p = exp(t)/Sₜ
				relative.add(w.p[i]*math.Exp(logSumRatio) - qi)
			}
		}
		logSumRatio = math.Log1p(relative.value())
	}
	for i, pi := range w.p {
		if pi == 0 {
			w.r[i] = 0
		} else {
			w.r[i] -= logSumRatio
		}
	}
}

// multiply scales dst by a row of classes; a zero drops the element for good,
// even from an infinite factor.
func multiply[F Float](dst []float64, v View[F], offset, axis int) {
	stride := v.Strides[axis]
	for i := range dst {
		if factor := float64(v.Data[offset+i*stride]); factor == 0 {
			dst[i] = 0
		} else if dst[i] != 0 {
			dst[i] *= factor
		}
	}
}

// slope is p·∂λ/∂p: 1, or p/(p+ε) with an epsilon.
func (w *row) slope(i int) float64 {
	if w.Epsilon == 0 {
		return 1
	}
	return w.p[i] / (w.p[i] + w.Epsilon)
}

// kept reports whether element i takes part.
func (w *row) kept(i int) bool { return w.p[i] != 0 && w.g[i] != 0 }

// bothLogits reports whether the row is normalised on both sides by
// construction and weighted as a whole, so that Σp = Σq = 1 may be used.
func (w *row) bothLogits() bool { return w.Pred == Logits && w.Target == Logits && w.uniform }
