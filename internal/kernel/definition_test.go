package kernel

import (
	"math"
	"slices"
)

// definition is the loss of one row as SEMANTICS.md writes it, special cases among
// them, in float64 and without a thought for speed. It shares nothing with the kernels.
type definition struct {
	formPair
	g, x, t    []float64 // upstream, pred and target as given
	p, q       []float64
	logP, logQ []float64
}

func newDefinition(pair formPair, g, x, t []float64) definition {
	m := definition{formPair: pair, g: g, x: x, t: t}
	m.q, m.logQ = decode(pair.pred, 0, x)
	m.p, m.logP = decode(pair.target, pair.epsilon, t)
	return m
}

// decode returns a form's probabilities, NaN where there is none, and their logarithms.
func decode(form Form, epsilon float64, x []float64) (prob, logarithm []float64) {
	prob, logarithm = make([]float64, len(x)), make([]float64, len(x))
	top := slices.Max(x)
	if math.IsInf(top, 0) {
		top = nan
	}
	for i, xi := range x {
		prob[i] = math.Exp(xi - top)
	}
	norm := sumOf(prob)
	for i, xi := range x {
		switch form {
		case Probs:
			prob[i], logarithm[i] = xi, naturalLog(xi+epsilon)
			if xi < 0 {
				prob[i] = nan
			}
		case LogProbs:
			prob[i], logarithm[i] = math.Exp(xi), xi
		case Logits:
			prob[i], logarithm[i] = math.Exp(xi-top)/norm, xi-top-math.Log(norm)
		}
	}
	return prob, logarithm
}

// naturalLog is right for subnormal numbers, as math.Log on amd64 is not.
func naturalLog(x float64) float64 {
	if x <= 0 || math.IsInf(x, 1) {
		return math.Log(x)
	}
	fraction, exponent := math.Frexp(x)
	return math.Log(fraction) + float64(exponent)*math.Ln2
}

func (m definition) each(f func(i int) float64) []float64 {
	out := make([]float64, len(m.x))
	for i := range out {
		out[i] = f(i)
	}
	return out
}

// ratio is that of a class which is not dropped.
func (m definition) ratio(i int) float64 { return m.logP[i] - m.logQ[i] }

func (m definition) dropped(i int) bool { return m.p[i] == 0 || m.g[i] == 0 }

// elements leaves the upstream gradient out.
func (m definition) elements() []float64 {
	return m.each(func(i int) float64 {
		if m.p[i] == 0 {
			return 0
		}
		return m.p[i] * m.ratio(i)
	})
}

func (m definition) gradient(wrt Side) []float64 {
	if wrt == Target {
		return m.targetGradient()
	}
	flow := m.each(func(i int) float64 {
		switch {
		case m.dropped(i):
			return 0
		case math.IsNaN(m.ratio(i)):
			return nan
		}
		return m.g[i] * m.p[i]
	})
	if allZero(flow) {
		return flow
	}
	sum := sumOf(flow)
	return m.each(func(i int) float64 {
		switch {
		case m.pred == LogProbs:
			return -flow[i]
		case m.pred == Logits:
			return m.q[i]*sum - flow[i]
		case flow[i] == 0:
			return 0
		}
		return -flow[i] / (m.x[i] + 0) // −0 is the edge of the domain, as 0 is
	})
}

func (m definition) targetGradient() []float64 {
	a := m.each(func(i int) float64 {
		if m.dropped(i) {
			return 0
		}
		slope := 1.0
		if m.epsilon != 0 {
			slope = m.p[i] / (m.p[i] + m.epsilon)
		}
		return m.g[i] * (m.ratio(i) + slope)
	})
	if allZero(a) {
		return a
	}
	weighted := m.each(func(i int) float64 {
		if m.dropped(i) {
			return 0
		}
		return m.p[i] * a[i]
	})
	mean := sumOf(weighted)
	return m.each(func(i int) float64 {
		switch {
		case m.target == Probs:
			return a[i]
		case m.target == LogProbs:
			return weighted[i]
		case m.p[i] == 0:
			return 0
		}
		return m.p[i] * (a[i] - mean)
	})
}

// sumOf carries what each addition rounds off (Neumaier 1974), unless it overflows.
func sumOf(x []float64) float64 {
	sum, rest := 0.0, 0.0
	for _, xi := range x {
		next := sum + xi
		if math.Abs(sum) >= math.Abs(xi) {
			rest += (sum - next) + xi
		} else {
			rest += (xi - next) + sum
		}
		sum = next
	}
	if math.IsInf(sum, 0) {
		return sum
	}
	return sum + rest
}

// bounded is what a definition gives, and how far a kernel may be from it.
type bounded struct {
	loss, lossError         []float64 // one sum, unless elementwise
	gradient, gradientError [2][]float64
}

// The bounds are those of SEMANTICS.md.
func (m definition) bounded(epsilon float64, elementwise bool) (b bounded) {
	b.loss, b.lossError = m.elements(), m.magnitudes(epsilon, func(i int) bool { return m.p[i] == 0 }).elements()
	if !elementwise {
		b.loss, b.lossError = []float64{sumOf(b.loss)}, []float64{sumOf(b.lossError)}
	}
	for i := range b.lossError {
		b.lossError[i] *= 4 * epsilon
	}
	flowing := m.magnitudes(epsilon, m.dropped)
	for _, wrt := range sides {
		b.gradient[wrt], b.gradientError[wrt] = m.gradient(wrt), flowing.gradient(wrt)
		for i := range b.gradientError[wrt] {
			b.gradientError[wrt][i] *= 8 * epsilon
		}
	}
	return b
}

// widened allows a probability that is bounded by 2^-52 of its size the least subnormal
// number, which underflow may cost it.
// A logit of −∞ has conditioned its own to NaN.
func widened(prob float64) float64 {
	if math.IsNaN(prob) {
		prob = 0
	}
	return prob + 0x1p-1022
}

// magnitudes bounds the errors of a kernel and of the definition together, which rounds
// logarithms before it subtracts them whatever the forms are.
func (m definition) magnitudes(epsilon float64, dropped func(i int) bool) magnitudes {
	b := magnitudes{pair: m.formPair, x: m.x, g: m.g, p: slices.Clone(m.p), q: slices.Clone(m.q), r: make([]float64, len(m.x))}
	condition(m.pred, b.q, m.x)
	condition(m.target, b.p, m.t)
	for i := range b.r {
		b.q[i] = widened(b.q[i])
		if m.p[i] != 0 || m.target != Probs {
			b.p[i] = widened(b.p[i])
		}
		if dropped(i) {
			b.p[i] = min(b.p[i], math.MaxFloat64) // of which nothing flows
		} else {
			b.r[i] = math.Abs(m.ratio(i)) + 0x1p-52/epsilon*(1+math.Abs(m.logP[i])+math.Abs(m.logQ[i]))
		}
	}
	return b
}
