package kernel

import (
	"math"
	"slices"
)

// magnitudes bounds a result of one row by the sum of the magnitudes of its
// terms. Every bound of SEMANTICS.md is a small number of ε times such a sum.
type magnitudes struct {
	pair formPair
	x    []float64
	g, v []float64 // upstream and tangent
	p, q []float64 // probabilities, times 1 + |x − max x|/8 where they come from logits x
	r    []float64 // |log p − log q|, and what rounding the logarithms adds
}

// newMagnitudes takes rounding as the share of ε that float64 arithmetic has in
// |log p| + |log q|: both are rounded before they are subtracted, except where
// they are given as they are or divided first. An epsilon is added to p with a
// rounding too.
func newMagnitudes(m reference, v []float64, rounding float64) magnitudes {
	b := magnitudes{
		pair: m.formPair,
		x:    m.x.floats(), g: m.g.floats(), v: v,
		p: m.p.floats(), q: m.q.floats(),
		r: make([]float64, len(v)),
	}
	lambda, ell := m.lambda.floats(), m.ell.floats()
	for i := range b.r {
		r, _ := m.ratio(i).Float64()
		b.r[i] = math.Abs(r)
		if m.epsilon != 0 {
			b.r[i] += rounding
		}
		if m.epsilon != 0 || m.pred != m.target || m.pred == Logits {
			b.r[i] += rounding * (math.Abs(lambda[i]) + math.Abs(ell[i]))
		}
	}
	condition(m.pred, b.q, b.x)
	condition(m.target, b.p, m.t.floats())
	return b
}

func condition(form Form, prob, x []float64) {
	if form != Logits {
		return
	}
	top := slices.Max(x)
	for i := range prob {
		prob[i] *= 1 + (top-x[i])/8
	}
}

func (b magnitudes) each(f func(i int) float64) []float64 {
	out := make([]float64, len(b.x))
	for i := range out {
		out[i] = math.Abs(f(i))
	}
	return out
}

func (b magnitudes) mean(prob, a []float64) float64 {
	var s float64
	for i := range a {
		s += prob[i] * math.Abs(a[i])
	}
	return s
}

func (b magnitudes) elements() []float64 {
	return b.each(func(i int) float64 { return b.p[i] * b.r[i] })
}

func (b magnitudes) gradient(wrt Side) []float64 {
	if wrt == Pred {
		return b.pullPred(b.each(func(i int) float64 { return b.g[i] * b.p[i] }))
	}
	return b.pullTarget(b.targetCotangent())
}

func (b magnitudes) targetCotangent() []float64 {
	return b.each(func(i int) float64 { return b.g[i] * (math.Abs(b.r[i]) + 1) })
}

func (b magnitudes) pullPred(d []float64) []float64 {
	total := b.mean(repeat(1.0, len(d)), d)
	return b.each(func(i int) float64 {
		switch b.pair.pred {
		case Probs:
			return d[i] / b.x[i]
		case Logits:
			return b.q[i]*total + d[i]
		}
		return d[i]
	})
}

func (b magnitudes) pullTarget(a []float64) []float64 {
	mean := b.mean(b.p, a)
	return b.each(func(i int) float64 {
		switch b.pair.target {
		case Probs:
			return a[i]
		case Logits:
			return b.p[i] * (a[i] + mean)
		}
		return b.p[i] * a[i]
	})
}

// centred bounds v − ⟨prob, v⟩.
func (b magnitudes) centred(prob []float64) []float64 {
	mean := b.mean(prob, b.v)
	return b.each(func(i int) float64 { return math.Abs(b.v[i]) + mean })
}

// pushPred bounds the tangent of log q, pushTarget that of p.
func (b magnitudes) pushPred() []float64 {
	switch b.pair.pred {
	case Probs:
		return b.each(func(i int) float64 { return b.v[i] / b.x[i] })
	case Logits:
		return b.centred(b.q)
	}
	return b.v
}

func (b magnitudes) pushTarget() []float64 {
	switch b.pair.target {
	case Probs:
		return b.v
	case Logits:
		v := b.centred(b.p)
		return b.each(func(i int) float64 { return b.p[i] * v[i] })
	}
	return b.each(func(i int) float64 { return b.p[i] * b.v[i] })
}

func (b magnitudes) hvp(along, wrt Side) []float64 {
	switch {
	case along == Target && wrt == Pred:
		v := b.pushTarget()
		return b.pullPred(b.each(func(i int) float64 { return b.g[i] * v[i] }))
	case along == Pred && wrt == Target:
		v := b.pushPred()
		return b.pullTarget(b.each(func(i int) float64 { return b.g[i] * v[i] }))
	case along == Pred:
		return b.predCurvature()
	}
	return b.targetCurvature()
}

func (b magnitudes) predCurvature() []float64 {
	total, v := b.mean(b.p, b.g), b.pushPred()
	return b.each(func(i int) float64 {
		switch b.pair.pred {
		case Probs:
			return b.g[i] * b.p[i] * v[i] / b.x[i]
		case Logits:
			return b.q[i] * total * v[i]
		}
		return 0
	})
}

func (b magnitudes) targetCurvature() []float64 {
	a := b.targetCotangent()
	v := b.centred(b.p)
	weighted := b.each(func(i int) float64 { return v[i] * a[i] })
	meanA, meanDot := b.mean(b.p, a), b.mean(b.p, weighted)
	return b.each(func(i int) float64 {
		switch b.pair.target {
		case Probs:
			return b.g[i] * b.v[i] / (b.p[i] + b.pair.epsilon)
		case Logits:
			return b.p[i] * (v[i]*(a[i]+meanA) + meanDot)
		}
		return b.p[i] * b.v[i] * a[i]
	})
}
