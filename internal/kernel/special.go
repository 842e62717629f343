package kernel

import "math"

// softmax sets dst = exp(x − shift)/Σexp(x − shift), shift = max x, and returns
// shift and the logarithm of the sum. A row with NaN or +Inf, or all −Inf, has
// no distribution and gives NaN throughout.
func softmax(dst, x []float64) (shift, logSum float64) {
	shift = math.Inf(-1)
	for _, xi := range x {
		shift = math.Max(shift, xi)
	}
	var s sum
	for i, xi := range x {
		dst[i] = math.Exp(xi - shift)
		s.add(dst[i])
	}
	norm := s.value()
	for i := range dst {
		dst[i] /= norm
	}
	return shift, math.Log(norm)
}

// logRatio returns log a − log b for a ≥ 0, b ≥ 0, to full relative precision
// where the two are close; a difference of rounded logarithms is not.
func logRatio(a, b float64) float64 {
	if b/2 <= a && a <= 2*b && b > 0 && !math.IsInf(b, 1) {
		return math.Log1p((a - b) / b)
	}
	return math.Log(a) - math.Log(b)
}

// seriesBound is where excess leaves its series: above it the closed form loses
// less than a factor of five to cancellation.
const seriesBound = 0.5

// excess returns q − p + p·r = p·(expm1(−r) + r), r = log(p/q), and q where p is
// 0: the non-negative term whose sum over normalised rows is the divergence.
func excess(p, q, r float64) float64 {
	if p == 0 {
		return q
	}
	if math.Abs(r) >= seriesBound || math.IsNaN(r) {
		return (q - p) + p*r
	}
	// Σ (−r)ᵏ/k!, k = 2 … 17, by Horner's rule; the first term left out is
	// below 2e-18 of the sum.
	s := 1.0
	for k := 17.0; k >= 3; k-- {
		s = 1 - s*r/k
	}
	return p * s * r * r / 2
}

// difference returns q − p, r = log(p/q), without cancellation.
func difference(p, q, r float64) float64 {
	if math.Abs(r) < seriesBound && p != 0 {
		return p * math.Expm1(-r)
	}
	return q - p
}
