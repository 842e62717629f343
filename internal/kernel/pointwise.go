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
// are known: of the two sides' probabilities, or of the numbers themselves.
type pointwise interface {
	value(w *row, i int) float64
	first(w *row, side Side, i int) float64
	second(w *row, a, b Side, i int) float64
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
		case pi == 0:
			w.out[i] = 0
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
			if w.v[i] != 0 {
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
				w.work[i] = g * f.second(w, along, wrt, i) * w.v[i]
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
			if pi != 0 {
				w.out[i] += w.v[i]*(a[i]-mean) - pi*meanDot
			}
		}
	}
}

// nearby is below which |r| cancelling terms are summed as a series.
const nearby = 0.15

type jensenShannon struct{ beta float64 }

func (f jensenShannon) value(w *row, i int) float64 {
	p, q, r := w.p[i], w.q[i], w.r[i]
	switch {
	case p == 0:
		return -(1 - f.beta) * q * math.Log1p(-f.beta)
	case q == 0:
		return -f.beta * p * math.Log(f.beta)
	case math.Abs(r) < nearby:
		u := math.Expm1(r)
		return q * (f.beta*entropyExcess(u) - entropyExcess(f.beta*u))
	}
	return f.beta*p*f.logRatio(w, Target, i) + (1-f.beta)*q*f.logRatio(w, Pred, i)
}

// logRatio is log(π/m), π being a side's probability.
func (f jensenShannon) logRatio(w *row, side Side, i int) float64 {
	r, share := w.r[i], 1-f.beta // of the other side in m
	if side == Pred {
		r, share = -r, f.beta
	}
	switch {
	case w.of(side)[i] == 0:
		return 0 // dropped, as in KL
	case w.of(1 - side)[i] == 0:
		return -math.Log1p(-share)
	case r < -1: // where exp(−r) may overflow
		return r - math.Log1p((1-share)*math.Expm1(r))
	}
	return 0 - math.Log1p(share*math.Expm1(-r))
}

// first: ∂f/∂p = β·log(p/m) and ∂f/∂q = (1−β)·log(q/m), as the logarithm's own derivative
// cancels in the gap.
func (f jensenShannon) first(w *row, side Side, i int) float64 {
	weight := f.beta
	if side == Pred {
		weight = 1 - f.beta
	}
	return weight * f.logRatio(w, side, i)
}

func (f jensenShannon) second(w *row, a, b Side, i int) float64 {
	p, q := w.p[i], w.q[i]
	weight := f.beta * (1 - f.beta) / (f.beta*p + (1-f.beta)*q)
	switch {
	case p == 0 || q == 0:
		return 0
	case a != b:
		return -weight
	case a == Pred:
		return weight * (p / q)
	}
	return weight * (q / p)
}

// entropyExcess is (1+u)·log(1+u) − u = Σ (−u)^k/(k·(k−1)), k from 2.
func entropyExcess(u float64) float64 {
	if math.Abs(u) > 2*nearby {
		return (1+u)*math.Log1p(u) - u
	}
	sum, power := 0.0, u
	for k := 2; k <= 36; k++ {
		power *= -u
		sum -= power / float64(k*(k-1))
	}
	return sum
}

type gaussian struct{}

func (gaussian) value(w *row, i int) float64 {
	return (w.q[i]*w.q[i] + expExcess(w.p[i])) / 2
}

func (gaussian) first(w *row, side Side, i int) float64 {
	if side == Pred {
		return w.q[i]
	}
	return math.Expm1(w.p[i]) / 2
}

func (gaussian) second(w *row, a, b Side, i int) float64 {
	switch {
	case a != b:
		return 0
	case a == Pred:
		return 1
	}
	return math.Exp(w.p[i]) / 2
}

// expExcess is exp(x) − 1 − x = Σ x^k/k!, k from 2.
func expExcess(x float64) float64 {
	if math.Abs(x) > nearby {
		return math.Expm1(x) - x
	}
	sum, term := 0.0, x
	for k := 2; k <= 12; k++ {
		term *= x / float64(k)
		sum += term
	}
	return sum
}
