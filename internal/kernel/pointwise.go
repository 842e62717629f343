package kernel

import "math"

// Family says which function of the two sides is summed.
type Family uint8

const (
	KL Family = iota // p·(log(p+Epsilon) − log q)

	// JensenShannon is β·p·log(p/m) + (1−β)·q·log(q/m), m = β·p + (1−β)·q: of each
	// class it is the Jensen gap of x·log x, and so never negative.
	JensenShannon

	// Gaussian is ½·(x² + exp(t) − 1 − t), x and t being the sides as they are: a mean
	// and the logarithm of a variance, against the standard normal.
	Gaussian
)

// pointwise is a family of which only the value and the partial derivatives of a class
// are known: of the two sides' probabilities, or of the numbers themselves. The second is
// that along v of one side.
type pointwise interface {
	value(w *row, i int) float64
	first(w *row, side Side, i int) float64
	second(w *row, along, wrt Side, i int, v float64) float64
}

// pointwise returns the problem's family, nil for KL.
func (p Problem) pointwise() pointwise {
	switch p.Family {
	case JensenShannon:
		return jensenShannon{p.Beta}
	case Gaussian:
		return gaussian{}
	}
	return nil
}

// form of a side, for the chain rule.
func (p Problem) form(side Side) Form {
	switch {
	case p.Family == Gaussian:
		return Probs // as it is
	case side == Pred:
		return p.Pred
	}
	return p.Target
}

// of is a side's probabilities, or its numbers.
func (w *row) of(side Side) []float64 {
	if side == Pred {
		return w.q
	}
	return w.p
}

// loadBoth sets q too, whatever pred's form is.
func (w *row) loadBoth(target []float64) {
	if w.Family == Gaussian {
		copy(w.q, w.x)
		copy(w.p, target)
		return
	}
	w.loadDistributions(target)
	for i, x := range w.x {
		switch w.Pred {
		case LogProbs:
			w.q[i] = math.Exp(x)
		case Probs:
			w.q[i] = x
			if x < 0 {
				w.q[i] = math.NaN()
			}
		}
	}
}

// pointwiseTerms writes g·f.
func (w *row) pointwiseTerms() {
	f := w.pointwise()
	for i, g := range w.g {
		w.out[i] = 0
		if g != 0 {
			w.out[i] = g * f.value(w, i)
		}
	}
}

// pointwiseGradient writes the gradient with respect to one side.
func pointwiseGradient(wrt Side) func(*row) {
	return func(w *row) {
		w.partials(w.work, wrt)
		w.pull(wrt, w.work)
	}
}

// partials sets a = g·∂f/∂π, π being a side's probabilities.
func (w *row) partials(a []float64, side Side) {
	f := w.pointwise()
	for i, g := range w.g {
		a[i] = 0
		if g != 0 {
			a[i] = g * f.first(w, side, i)
		}
	}
}

// pull writes what a, which flows into a side's probabilities π, gives its form:
//
//	a                   probabilities
//	π·a                 log-probabilities
//	π·(a − ⟨π,a⟩)       logits
func (w *row) pull(side Side, a []float64) {
	mean := 0.0
	if w.form(side) == Logits {
		mean = dot(w.of(side), a)
	}
	for i, pi := range w.of(side) {
		switch {
		case w.form(side) == Probs:
			w.out[i] = a[i]
		case pi == 0 || w.form(side) == LogProbs && a[i] == 0:
			w.out[i] = 0 // of a dropped class π may be anything
		default:
			w.out[i] = pi * (a[i] - mean)
		}
	}
}

// push turns v from a tangent of a side's form into one of its probabilities.
func (w *row) push(side Side) {
	if w.form(side) == Probs {
		return
	}
	if w.form(side) == Logits {
		subtract(w.v, dot(w.of(side), w.v))
	}
	for i, pi := range w.of(side) {
		if pi == 0 {
			w.v[i] = 0
		} else {
			w.v[i] *= pi
		}
	}
}

// pointwiseTangent writes the terms of the derivative along a side.
func pointwiseTangent(along Side) func(*row) {
	return func(w *row) {
		w.push(along)
		w.partials(w.work, along)
		for i, a := range w.work {
			w.out[i] = 0
			if w.g[i] != 0 && w.v[i] != 0 {
				w.out[i] = a * w.v[i]
			}
		}
	}
}

// pointwiseSecond writes the derivative along one side of the gradient of another: with
// π̇ the tangent of the one's probabilities, what ȧ = g·∂²f·π̇ gives the other's form and,
// where both are one side, what π̇ changes in that.
func pointwiseSecond(along, wrt Side) func(*row) {
	return func(w *row) {
		f := w.pointwise()
		w.push(along)
		for i, g := range w.g {
			w.work[i] = 0
			if g != 0 && w.v[i] != 0 {
				w.work[i] = g * f.second(w, along, wrt, i, w.v[i])
			}
		}
		w.pull(wrt, w.work)
		if along != wrt || w.form(wrt) == Probs {
			return
		}
		a, mean, meanDot := w.work, 0.0, 0.0
		w.partials(a, wrt)
		if w.form(wrt) == Logits {
			mean, meanDot = dot(w.of(wrt), a), dot(w.v, a)
		}
		for i, pi := range w.of(wrt) {
			if pi != 0 && (w.g[i] != 0 || w.form(wrt) == Logits) {
				w.out[i] += w.v[i]*(a[i]-mean) - pi*meanDot
			}
		}
	}
}
