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
	return scaledExponential[F]((y-(whole-magic))*math.Ln2, whole)
}

// exponential returns exp(x) for x below 44 with an error relative to itself, however far
// below 0 x is: x·log2 e loses bits there. Below −708.7 it is 0.
func exponential[F Float](x float64) float64 {
	const magic, least = 3<<51 + 1023, -709.1
	if x < least {
		x = least
	}
	whole := x*math.Log2E + magic
	n := whole - magic
	return scaledExponential[F]((x-n*ln2High)-n*ln2Low, whole)
}

// powerOf is 2^τ, τ = shifted·log2 e: as it is needed beside its sum, or alone, with an error
// relative to itself.
func powerOf[F Float](shifted, tau float64, alone bool) float64 {
	if alone {
		return exponential[F](shifted)
	}
	return power2[F](tau)
}

// ln2High + ln2Low is ln 2; a whole number of at most 21 bits times the first is exact
// (Cody and Waite 1980).
const (
	ln2High = 0x1.62e42feep-1
	ln2Low  = 0x1.a39ef35793c76p-33
)

// scaledExponential is exp(r) times 2 to the power in the low bits of whole.
func scaledExponential[F Float](r, whole float64) float64 {
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
// n + 2/ln 2·Σ s^(2k+1)/(2k+1).
func logarithm2[F Float](t float64) float64 {
	const sqrtHalf, exponentOne, mantissa = 0x3fe6a09e667f3bcd, 0x3ff0000000000000, 1<<52 - 1
	b := math.Float64bits(t) + (exponentOne - sqrtHalf)
	m := math.Float64frombits(b&mantissa + sqrtHalf)
	return float64(int64(b>>52)-1023) + quotientSeries[F]((m-1)/(m+1))
}

// quotientLogarithm2 returns log2(t/x) of positive normal numbers, near 0 with an error
// relative to itself: with 2^n near t/x and s = (t/2^n − x)/(t/2^n + x) it is n and the
// series of logarithm2. n is the difference of the bit patterns, rounded to a whole
// exponent, so that t/2^n is ¾ to 1½ times x.
func quotientLogarithm2[F Float](t, x float64) float64 {
	const half = 1 << 51
	b := math.Float64bits(t)
	n := (int64(b-math.Float64bits(x)) + half) >> 52
	m := math.Float64frombits(b - uint64(n)<<52)
	return float64(n) + quotientSeries[F]((m-x)/(m+x))
}

// quotientSeries is log2((1+s)/(1−s)) for s² up to 0.04. The first term left out is below
// 2^−55 of the sum, for float32 below 2^−31.
func quotientSeries[F Float](s float64) float64 {
	z := s * s
	z2 := z * z
	z4 := z2 * z2
	p := (1 + z*(1.0/3)) + z2*(1.0/5+z*(1.0/7)) + z4*(1.0/9+z*(1.0/11))
	if unsafe.Sizeof(F(0)) == 8 {
		p += z4 * (z2*(1.0/13+z*(1.0/15)) + z4*((1.0/17+z*(1.0/19))+z2*(1.0/21)))
	}
	return s * p * (2 * math.Log2E)
}
