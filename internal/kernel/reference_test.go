package kernel

import (
	"math/big"
	"testing"
)

// The reference is SEMANTICS.md written in 448-bit arithmetic. It shares nothing
// with the kernels: exponentials and logarithms are its own, and second
// derivatives are central differences of its gradients.

// distribution decodes a form: probabilities and their logarithms, the
// logarithm of 0 being 0 because nothing may depend on it.
func distribution(form Form, epsilon float64, x bigRow) (prob, logarithm bigRow) {
	n := len(x)
	switch form {
	case Probs:
		return x, mapRow(n, func(i int) *big.Float {
			if x[i].Sign() == 0 {
				return fresh()
			}
			return log(plus(x[i], number(epsilon)))
		})
	case LogProbs:
		return mapRow(n, func(i int) *big.Float { return exp(x[i]) }), x
	}
	top := x[0]
	for _, xi := range x {
		if xi.Cmp(top) > 0 {
			top = xi
		}
	}
	prob = mapRow(n, func(i int) *big.Float { return exp(minus(x[i], top)) })
	norm := prob.sum()
	shift := plus(top, log(norm))
	return mapRow(n, func(i int) *big.Float { return over(prob[i], norm) }),
		mapRow(n, func(i int) *big.Float { return minus(x[i], shift) })
}

// reference is the loss Σ g·p·(λ − ℓ) of one row.
type reference struct {
	formPair
	g         bigRow
	x, t      bigRow // pred and target as given
	q, ell    bigRow
	p, lambda bigRow
}

func newReference(pair formPair, g, x, t bigRow) reference {
	return reference{formPair: pair, g: g}.at(Pred, x).at(Target, t)
}

// at returns the loss with another value on one side.
func (m reference) at(side Side, x bigRow) reference {
	if side == Pred {
		m.x = x
		m.q, m.ell = distribution(m.pred, 0, x)
	} else {
		m.t = x
		m.p, m.lambda = distribution(m.target, m.epsilon, x)
	}
	return m
}

func (m reference) each(f func(i int) *big.Float) bigRow { return mapRow(len(m.x), f) }

func (m reference) ratio(i int) *big.Float { return minus(m.lambda[i], m.ell[i]) }

// elements returns p·(λ − ℓ) class by class.
func (m reference) elements() bigRow {
	return m.each(func(i int) *big.Float { return times(m.p[i], m.ratio(i)) })
}

// gradient follows the tables of SEMANTICS.md.
func (m reference) gradient(wrt Side) bigRow {
	if wrt == Target {
		return m.targetGradient()
	}
	flow := m.g.times(m.p)
	total := flow.sum()
	return m.each(func(i int) *big.Float {
		switch m.pred {
		case LogProbs:
			return fresh().Neg(flow[i])
		case Logits:
			return minus(times(m.q[i], total), flow[i])
		}
		return fresh().Neg(over(flow[i], m.x[i]))
	})
}

func (m reference) targetGradient() bigRow {
	a := m.each(func(i int) *big.Float {
		if m.p[i].Sign() == 0 {
			return fresh()
		}
		slope := over(m.p[i], plus(m.p[i], number(m.epsilon)))
		return times(m.g[i], plus(m.ratio(i), slope))
	})
	mean := m.p.times(a).sum()
	return m.each(func(i int) *big.Float {
		switch m.target {
		case Probs:
			return a[i]
		case LogProbs:
			return times(m.p[i], a[i])
		}
		return times(m.p[i], minus(a[i], mean))
	})
}

// differenceStep is 2^-50: the error of a central difference, its square, is
// 2^-100 relative, and the rounding it amplifies is below 2^-390.
const differenceStep = -50

// central returns the central difference along v of f, a row that depends on
// the value of one side.
func (m reference) central(along Side, v bigRow, f func(m reference) bigRow) bigRow {
	x := map[Side]bigRow{Pred: m.x, Target: m.t}[along]
	at := func(sign float64) bigRow {
		return f(m.at(along, m.each(func(i int) *big.Float {
			return plus(x[i], scaled(times(v[i], number(sign)), differenceStep))
		})))
	}
	forward, backward := at(1), at(-1)
	return mapRow(len(forward), func(i int) *big.Float {
		return scaled(minus(forward[i], backward[i]), -differenceStep-1)
	})
}

// hvp returns the derivatives along v of both gradients, by side.
func (m reference) hvp(along Side, v bigRow) [2]bigRow {
	both := m.central(along, v, func(m reference) bigRow {
		return append(m.gradient(Pred), m.gradient(Target)...)
	})
	return [2]bigRow{both[:len(v)], both[len(v):]}
}

// TensorFlow Probability's documented example.
func TestReferencePublished(t *testing.T) {
	m := newReference(formPair{}, nil, bigRowOf([]float64{.2, .2, .6}), bigRowOf([]float64{0, .5, .5}))
	agree(t, "KL([0 .5 .5], [.2 .2 .6])", m.elements().sum(), number(0.3669845875), -32)
}

// The gradients that the kernels are held to are those of the reference's loss.
func TestReferenceGradient(t *testing.T) {
	rng := newRand(1)
	for _, pair := range formPairs(0, 0.25) {
		const n = 4
		x, y := encode[float64](pair.pred, logits(rng, n, 2)), encode[float64](pair.target, logits(rng, n, 2))
		m := newReference(pair, bigRowOf(logits(rng, n, 1)), bigRowOf(x), bigRowOf(y))
		v := bigRowOf(logits(rng, n, 1e-3))
		for _, wrt := range sides {
			slope := m.central(wrt, v, func(m reference) bigRow { return bigRow{m.g.times(m.elements()).sum()} })
			agree(t, pair.String()+" ∂"+wrt.String(), m.gradient(wrt).times(v).sum(), slope[0], -80)
		}
	}
}
