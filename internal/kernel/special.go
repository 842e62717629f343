package kernel

import "math"

// softmax sets dst = exp(x − shift)/Σexp(x − shift), shift = max x, and returns
// shift and the logarithm of the sum, by log1p of all terms but the largest, which
// is 1: a class with nearly all the mass keeps its tiny log-probability. A row with
// NaN or +Inf, or all −Inf, has no distribution and gives NaN throughout.
func softmax(dst, x []float64) (shift, logSum float64) {
	largest := 0
	for i, xi := range x {
		if xi > x[largest] || math.IsNaN(xi) {
			largest = i
		}
	}
	shift = x[largest]
	if math.IsInf(shift, 0) {
		shift = math.NaN()
	}
	var rest sum
	for i, xi := range x {
		dst[i] = math.Exp(xi - shift)
		if i != largest {
			rest.add(dst[i])
		}
	}
	others := rest.value()
	for i := range dst {
		dst[i] /= 1 + others
	}
	return shift, math.Log1p(others)
}

const smallestNormal = 0x1p-1022

// logRatio returns log a − log b for a ≥ 0, b ≥ 0 to full relative precision. A
// difference of two rounded logarithms is not, where they are large or close.
func logRatio(a, b float64) float64 {
	switch ratio := a / b; {
	case 0.5 <= ratio && ratio <= 2:
		return math.Log1p((a - b) / b)
	case smallestNormal <= ratio && ratio <= math.MaxFloat64:
		return math.Log(ratio)
	default:
		return ln(a) - ln(b)
	}
}

// ln is math.Log, which on amd64 is wrong for subnormal numbers: Go 1.26 gives
// −709.1 for 5e-324, whose logarithm is −744.4.
func ln(x float64) float64 {
	const scale, logScale = 0x1p54, 54 * math.Ln2
	if 0 < x && x < smallestNormal {
		return math.Log(x*scale) - logScale
	}
	return math.Log(x)
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

// shiftedDifference returns (a − shiftA) − (b − shiftB), rounded about once.
func shiftedDifference(a, b, shiftA, shiftB float64) float64 {
	difference, rest := twoDifference(a, b)
	shift, shiftRest := twoDifference(shiftA, shiftB)
	if math.IsInf(difference, 0) || math.IsInf(shift, 0) { // where one of them may have overflowed
		return (a - shiftA) - (b - shiftB)
	}
	return (difference - shift) + (rest - shiftRest)
}

// twoDifference returns a − b rounded, and what rounding took off (Knuth 1969).
func twoDifference(a, b float64) (difference, rest float64) {
	difference = a - b
	z := difference - a
	return difference, (a - (difference - z)) - (b + z)
}
