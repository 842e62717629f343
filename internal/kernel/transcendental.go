package kernel

import (
	"math"
	"unsafe"
)

// power2 returns 2^y for y below 2^6: NaN stays NaN, and below −1022.5 it is 0. With
// y = n + r, n whole, it is 2^n·Σ (r·ln 2)^k/k!, of which the first term left out is
// below 2^−57, for float32 below 2^−37.
func power2[F Float](y float64) float64 {
	// Adding 1.5·2^52 rounds to a whole number in the low bits, already biased as an
	// exponent is.
	const bias, magic = 1023, 3<<51 + 1023
	if y < -bias {
		y = -bias
	}
	whole := y + magic
	r := (y - (whole - magic)) * math.Ln2
	// By Estrin's scheme: Horner's would wait for every step.
	r2 := r * r
	r4 := r2 * r2
	r8 := r4 * r4
	tail := 1.0/40320 + r*(1.0/362880)
	if unsafe.Sizeof(F(0)) == 8 {
		tail += r2*(1.0/3628800+r*(1.0/39916800)) + r4*(1.0/479001600+r*(1.0/6227020800))
	}
	p := (1 + r) + r2*(1.0/2+r*(1.0/6)) + r4*((1.0/24+r*(1.0/120))+r2*(1.0/720+r*(1.0/5040))) + r8*tail
	return p * math.Float64frombits(math.Float64bits(whole)<<52)
}

// logarithm2 returns log2 t for positive normal t, finite for 0, and means nothing for
// negative numbers. With t = 2^n·m, √½ ≤ m < √2, and s = (m−1)/(m+1) it is
// n + 2/ln 2·Σ s^(2k+1)/(2k+1), of which the first term left out is below 2^−55 of the
// sum, for float32 below 2^−34.
func logarithm2[F Float](t float64) float64 {
	const sqrtHalf, exponentOne, mantissa = 0x3fe6a09e667f3bcd, 0x3ff0000000000000, 1<<52 - 1
	b := math.Float64bits(t) + (exponentOne - sqrtHalf)
	m := math.Float64frombits(b&mantissa + sqrtHalf)
	s := (m - 1) / (m + 1)
	z := s * s
	z2 := z * z
	z4 := z2 * z2
	p := (1 + z*(1.0/3)) + z2*(1.0/5+z*(1.0/7)) + z4*(1.0/9+z*(1.0/11))
	if unsafe.Sizeof(F(0)) == 8 {
		p += z4 * (z2*(1.0/13+z*(1.0/15)) + z4*(1.0/17+z*(1.0/19)))
	}
	return float64(int64(b>>52)-1023) + s*p*(2*math.Log2E)
}
