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
