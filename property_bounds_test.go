package kldivloss

import (
	"math"
	"slices"
)

// The bounds are those that KLDivLoss documents, class by class: ε times the magnitudes of
// the terms, and what 2⁻⁵² takes off logarithms before they are subtracted, here and in the
// kernels.

// conditioned is a side's probability, with the error that logits far below the largest have
// in units of 8ε.
func (r row) conditioned(side, i int) float64 {
	if r.forms[side] != Logits {
		return r.prob[side][i]
	}
	return r.prob[side][i] * (1 + (slices.Max(r.x[side])-r.x[side][i])/8)
}

// ratio bounds |log p − log q| and its error in units of ε.
func (r row) ratio(i int) float64 {
	p, q := r.log[1][i], r.log[0][i]
	return math.Abs(p-q) + 2*0x1p-52/r.epsilon()*(1+math.Abs(p)+math.Abs(q))
}

// elementErrors are those of the loss.
func (r row) elementErrors() []float64 {
	return r.each(func(i int) float64 { return 4 * r.epsilon() * r.conditioned(1, i) * r.ratio(i) })
}

func (r row) lossError() float64 { return sum(r.elementErrors()) }

// gradientErrors are those of the divergence's gradient with respect to a side.
func (r row) gradientErrors(side int) []float64 {
	if side == 0 {
		return r.predErrors()
	}
	mean := sum(r.each(func(i int) float64 { return r.conditioned(1, i) * (r.ratio(i) + 1) }))
	return r.each(func(i int) float64 {
		a := r.ratio(i) + 1
		switch r.forms[1] {
		case LogProbs:
			a *= r.prob[1][i]
		case Logits:
			a = r.conditioned(1, i) * (a + mean)
		}
		return 8 * r.epsilon() * a
	})
}

func (r row) predErrors() []float64 {
	mass := sum(r.each(func(i int) float64 { return r.conditioned(1, i) }))
	return r.each(func(i int) float64 {
		d := r.conditioned(1, i)
		switch r.forms[0] {
		case Probs:
			d /= r.x[0][i]
		case Logits:
			d += r.conditioned(0, i) * mass
		}
		return 8 * r.epsilon() * d
	})
}

// jensenError is that of JSDivLoss, which float64 computes whatever the dtype is: a class is
// no more than (p + q)·log 2, off by what its logarithms are.
func (r row) jensenError() float64 {
	return sum(r.each(func(i int) float64 {
		logarithms := 0x1p-52 * (1 + math.Abs(r.log[0][i]) + math.Abs(r.log[1][i]))
		return (r.prob[0][i] + r.prob[1][i]) * (r.epsilon()*math.Ln2 + 4*logarithms)
	}))
}

func (r row) each(f func(i int) float64) []float64 {
	out := make([]float64, r.classes)
	for i := range out {
		out[i] = f(i)
	}
	return out
}
