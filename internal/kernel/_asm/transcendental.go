package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// polynomial evaluates coefficients, from the constant up, at x by Horner's rule.
func polynomial(coefficients []float64, x vector) vector {
	p := YMM()
	last := len(coefficients) - 1
	VMOVUPD(constant(coefficients[last]), p)
	for k := last - 1; k >= 0; k-- {
		VFMADD213PD(constant(coefficients[k]), x, p)
	}
	return p
}

// exp2 returns 2^y for y ≤ 0: NaN stays NaN, and below −1022.5 it is 0. With
// y = n + r, n whole, it is 2^n · polynomial(r).
func (e element) exp2(y vector) vector {
	Comment("2^y")
	// Adding 1.5·2^52 rounds to a whole number in the low bits, already biased as
	// an exponent is.
	const bias, magic = 1023, 3 << 51
	r, n, whole := YMM(), YMM(), YMM()
	VMOVUPD(constant(-bias), r)
	VMAXPD(y, r, r) // the second operand wins on NaN
	VADDPD(constant(magic+bias), r, n)
	VSUBPD(constant(magic+bias), n, whole)
	VSUBPD(whole, r, r)
	VPSLLQ(Imm(52), n, n)
	p := polynomial(interpolate(exp2, -0.5, 0.5, e.expDegree), r)
	VMULPD(n, p, p)
	return p
}

// log2 returns log2 t for positive normal t, finite for 0, and means nothing for
// negative numbers. With t = 2^n·m, √½ ≤ m < √2, and s = (m−1)/(m+1) it is
// n + s·polynomial(s²).
func (e element) log2(t vector) vector {
	Comment("log2 t")
	const sqrtHalf, exponentOne, mantissa = 0x3fe6a09e667f3bcd, 0x3ff0000000000000, 1<<52 - 1
	const two52 = 1 << 52
	n, m, s := YMM(), YMM(), YMM()
	VPADDQ(bits(exponentOne-sqrtHalf), t, m)
	VPSRLQ(Imm(52), m, n)
	VPAND(bits(mantissa), m, m)
	VPADDQ(bits(sqrtHalf), m, m)
	VPOR(bits(math.Float64bits(two52)), n, n)
	VSUBPD(constant(two52+1023), n, n)
	VSUBPD(constant(1), m, s)
	VADDPD(constant(1), m, m)
	VDIVPD(m, s, s)
	z := m
	VMULPD(s, s, z)
	smallest := math.Sqrt2 - 1
	limit := smallest / (math.Sqrt2 + 1)
	p := polynomial(interpolate(log2Quotient, 0, limit*limit, e.logDegree), z)
	VFMADD213PD(n, s, p)
	return p
}
