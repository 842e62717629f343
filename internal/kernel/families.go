package kernel

import "math"

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
	case math.Abs(r) >= nearby || math.IsNaN(r):
		return f.beta*p*f.logRatio(w, Target, i) + (1-f.beta)*q*f.logRatio(w, Pred, i)
	}
	// The gap from either end, whichever has the smaller weight: the difference of the
	// excesses is 1 less that weight of the first.
	base, weight := q, f.beta
	if f.beta > 0.5 {
		base, weight, r = p, 1-f.beta, -r
	}
	u := math.Expm1(r)
	return base * (weight*entropyExcess(u) - entropyExcess(weight*u))
}

// weights are those of a side and of the other in m.
func (f jensenShannon) weights(side Side) (own, other float64) {
	if side == Target {
		return f.beta, 1 - f.beta
	}
	return 1 - f.beta, f.beta
}

// logRatio is log(π/m), π being a side's probability.
func (f jensenShannon) logRatio(w *row, side Side, i int) float64 {
	own, other := f.weights(side)
	r := w.r[i]
	if side == Pred {
		r = -r
	}
	switch {
	case w.of(side)[i] == 0:
		return 0 // dropped, as in KL
	case w.of(1 - side)[i] == 0:
		return -logMixture(own, other, math.Inf(-1))
	case r < -1: // where exp(−r) may overflow
		return r - logMixture(other, own, r)
	}
	return 0 - logMixture(own, other, -r)
}

// logMixture is log(a + b·exp(x)), a + b being 1 and either of them as small as any number.
func logMixture(a, b, x float64) float64 {
	if u := b * math.Expm1(x); !(u < -0.5) {
		return math.Log1p(u)
	}
	return math.Log(a + b*math.Exp(x))
}

// first: ∂f/∂p = β·log(p/m) and ∂f/∂q = (1−β)·log(q/m), as the logarithm's own derivative
// cancels in the gap.
func (f jensenShannon) first(w *row, side Side, i int) float64 {
	own, _ := f.weights(side)
	return own * f.logRatio(w, side, i)
}

// second: −β(1−β)·v/m across, and β(1−β)·(π′/m)·(v/π) on one side, π′ being the other's
// probability. π may be subnormal, and 1/π then out of range where v/π is not.
func (f jensenShannon) second(w *row, a, b Side, i int, v float64) float64 {
	p, q := w.p[i], w.q[i]
	if p == 0 || q == 0 {
		return 0
	}
	m := max(f.beta*p+(1-f.beta)*q, math.SmallestNonzeroFloat64)
	if a != b {
		return -f.beta * (1 - f.beta) * (v / m)
	}
	return f.beta * (1 - f.beta) * (w.of(1 - a)[i] / m) * (v / w.of(a)[i])
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

func (gaussian) second(w *row, a, b Side, i int, v float64) float64 {
	switch {
	case a != b:
		return 0
	case a == Pred:
		return v
	}
	return math.Exp(w.p[i]) / 2 * v
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
