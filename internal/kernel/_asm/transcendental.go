package main

import (
	"math"
	"math/big"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// The functions of this file work on several vectors at once, step by step: their
// chains of dependent instructions run side by side, and a constant is read from
// memory once for all, which matters more than anything else here.

// vectors are as many as a turn of a loop takes.
type vectors []vector

func (vs vectors) each(f func(v vector)) {
	for _, v := range vs {
		f(v)
	}
}

// fresh is as many new registers as vs.
func (vs vectors) fresh() vectors {
	made := make(vectors, len(vs))
	for i := range made {
		made[i] = register()
	}
	return made
}

// shared is a constant for several vectors: in a register where there are.
func (a arithmetic) shared(m Op, vs vectors) Op {
	if len(vs) == 1 {
		return m
	}
	return a.inRegister(m)
}

// inRegister loads a constant that is not in a register.
func (a arithmetic) inRegister(m Op) Op {
	if _, ok := m.(Mem); !ok {
		return m
	}
	v := register()
	a.mov(m, v)
	return v
}

// sharedCoefficient is shared where it would not take a register of AVX-512.
func (a arithmetic) sharedCoefficient(c float64, vs vectors) Op {
	if target.wide() {
		return a.coefficient(c)
	}
	return a.shared(a.coefficient(c), vs)
}

// polynomial evaluates coefficients, from the constant up, at x: by Horner's rule where
// there are few, else by its even and its odd terms side by side, whose chains are half
// as long.
func (a arithmetic) polynomial(coefficients []float64, x vectors) vectors {
	const few = 6
	if len(coefficients) < few {
		return a.horner(coefficients, x)
	}
	var terms [2][]float64
	for k, c := range coefficients {
		terms[k%2] = append(terms[k%2], c)
	}
	square := x.fresh()
	for i := range x {
		a.mul(x[i], x[i], square[i])
	}
	odd, even := a.horner(terms[1], square), a.horner(terms[0], square)
	for i := range x {
		a.fma231(odd[i], x[i], even[i])
	}
	return even
}

func (a arithmetic) horner(coefficients []float64, x vectors) vectors {
	p := x.fresh()
	first := a.sharedCoefficient(coefficients[len(coefficients)-1], x)
	p.each(func(v vector) { a.fill(first, v) })
	for k := len(coefficients) - 2; k >= 0; k-- {
		c := a.sharedCoefficient(coefficients[k], x)
		for i := range x {
			a.fma213Broadcast(c, x[i], p[i])
		}
	}
	return p
}

// eighths is the number of bits behind the point that lanes of float32 look up.
const eighths = 3

// Adding magic to a number rounds it to a whole one, in lanes of float32 to an eighth,
// and leaves that in the low bits.
func (a arithmetic) magic() float64 {
	if a.single() {
		return 3 << (22 - eighths)
	}
	return 3 << 51
}

// toShift makes of what a row's logits are shifted by what exponent takes: in lanes of float32 the
// magic number is added.
func (a arithmetic) toShift(v vector) vector {
	if a.single() {
		a.add(a.constant(a.magic()), v, v)
	}
	return v
}

// shiftOf returns −largest, of lanes of float32 times log2 e and rounded to a whole number, in
// the smallest vector.
func (a arithmetic) shiftOf(largest vector) vector {
	shift := XMM()
	if !a.single() {
		VXORPD(lowest(a.constant(math.Copysign(0, -1))), largest, shift)
		return shift
	}
	VMULPS(lowest(a.constant(-math.Log2E)), largest, shift)
	round(shift, shift)
	return shift
}

// exponent is y in two parts that add up to it: x·log2 e + shift in lanes of float32,
// and (x + shift)·log2 e in lanes of float64.
type exponent struct {
	biased   vectors // magic and the whole part: a multiple of 1, or of 1/8 in lanes of float32
	fraction vectors
	y        vectors // in lanes of float64 only
}

// exponent splits y, the fraction in place of x. In lanes of float32 the product with
// log2 e is never rounded by itself, and what log2 e lacks as a float32 is added, times the
// whole part of the product over log2 e and not x, which is as good: the fraction is within
// 2^−27 of its true value for y to 2^19. In lanes of float64 y is not split below −1023, the exponent that stands for 0.
func (a arithmetic) exponent(x vectors, shift vector) exponent {
	e := exponent{fraction: x, biased: x.fresh()}
	whole := x.fresh()
	log2e := a.shared(a.constant(math.Log2E), x)
	if a.single() {
		const rounded = float64(float32(math.Log2E))
		rest := a.constant((math.Log2E - rounded) / rounded)
		for i := range x {
			VMOVAPS(x[i], e.biased[i])
			VFMADD132PS(log2e, shift, e.biased[i])
		}
		for i := range x {
			VSUBPS(shift, e.biased[i], whole[i])
			VFMSUB132PS(log2e, whole[i], e.fraction[i])
			VFMADD231PS(rest, whole[i], e.fraction[i])
		}
		return e
	}
	const bias = 1023
	e.y = x.fresh()
	least, magic := a.constant(-bias), a.shared(a.constant(a.magic()+bias), x)
	for i, fraction := range x {
		VADDPD(shift, fraction, e.y[i])
		VMULPD(log2e, e.y[i], e.y[i])
		VMOVUPD(least, fraction)
		VMAXPD(e.y[i], fraction, fraction) // the second operand wins on NaN
		VADDPD(magic, fraction, e.biased[i])
		VSUBPD(magic, e.biased[i], whole[i])
		VSUBPD(whole[i], fraction, fraction)
	}
	return e
}

// lowered times 2^fraction is below 1, where float32 are twice as dense, in lanes of float32: the
// table is of powers over lowered. Of such numbers it is one for which the eight and the
// polynomial's constant are within 0.06 epsilons of float32.
const lowered = 0x1.dee9ae8650515p-01

// front2 leaves what back2 makes 2^y of under a name. y is to be below 2^6. In lanes of
// float64 the power is 0 below −1022.5, in lanes of float32 no less than 2^−126 if it
// is clamped, and means nothing below that if not.
func (a arithmetic) front2(e exponent, c carried, name string, clamped bool) {
	scale := c.registers(name+"scale", len(e.biased))
	if a.single() {
		// The low bits of biased are 8·n + k. 2^n belongs into the exponent's field, k
		// selects 2^(k/8), from which the k that the shift moves along is taken off.
		table := a.table32("powers", func(k int) uint32 {
			return math.Float32bits(float32(math.Exp2(float64(k)/8)/lowered)) - uint32(k)<<(23-eighths)
		})
		for i, index := range e.biased {
			if clamped {
				VMAXPS(a.constant(a.magic()-126), index, index)
			}
			VPSLLD(Imm(23-eighths), index, scale[i])
			VPERMPS(table, index, index)
			VPADDD(index, scale[i], scale[i])
		}
	} else {
		for i, biased := range e.biased {
			VPSLLQ(Imm(52), biased, scale[i])
		}
	}
}

// back2 returns 2^y as scale and factor.
func (a arithmetic) back2(c carried, name string) (scale, factor vectors) {
	if a.single() {
		const reach = 1.0 / 16
		below1 := func(r *big.Float) *big.Float { return mul(number(lowered), exp2(r)) }
		return c[name+"scale"], a.polynomial(interpolate(below1, -reach, reach, a.expDegree), c[name+"fraction"])
	}
	return c[name+"scale"], a.polynomial(interpolate(exp2, -0.5, 0.5, a.expDegree), c[name+"fraction"])
}

// power returns 2^y, multiplied out.
func (a arithmetic) power(c carried, name string) vectors {
	scale, factor := a.back2(c, name)
	for i := range scale {
		a.mul(scale[i], factor[i], factor[i])
	}
	return factor
}

// frontLogRatio leaves what backLogRatio makes log2 t − y of, for positive normal t; for
// t = 0 that is finite where y is. In lanes of float32 the whole parts are subtracted
// first, which is exact, so that the error is relative to the difference and not to
// its terms.
func (a arithmetic) frontLogRatio(t vectors, e exponent, c carried) {
	if a.single() {
		a.frontLogRatioSingle(t, e, c)
		return
	}
	a.splitLogarithm(t, c)
	for i, n := range c["rest"] {
		VSUBPD(e.y[i], n, n)
	}
}

// splitLogarithm leaves n and s: with t = 2^n·m, √½ ≤ m < √2, and s = (m−1)/(m+1) log2 t is
// n + s·polynomial(s²).
func (a arithmetic) splitLogarithm(t vectors, c carried) {
	const sqrtHalf, exponentOne, mantissa = 0x3fe6a09e667f3bcd, 0x3ff0000000000000, 1<<52 - 1
	const two52 = 1 << 52
	n, m, s := c.registers("rest", len(t)), t.fresh(), c.registers("mantissa", len(t))
	for i := range t {
		VPADDQ(pattern64(exponentOne-sqrtHalf), t[i], m[i])
		VPSRLQ(Imm(52), m[i], n[i])
		bitwiseAnd(pattern64(mantissa), m[i], m[i])
		VPADDQ(pattern64(sqrtHalf), m[i], m[i])
		bitwiseOr(pattern64(math.Float64bits(two52)), n[i], n[i])
		VSUBPD(a.constant(two52+1023), n[i], n[i])
		VSUBPD(a.constant(1), m[i], s[i])
		VADDPD(a.constant(1), m[i], m[i])
		VDIVPD(m[i], s[i], s[i])
	}
}

// reciprocal is a float32 near 1/m for mantissas m from 1 + k/8 to 1 + (k+1)/8.
func reciprocal(k int) float64 { return float64(float32(16 / float64(17+2*k))) }

// With t = 2^n·m, 1 ≤ m < 2, k the whole part of 8·(m−1) and c near 1/m from a table,
// f = c·m − 1 is at most 1/16 and log2 t = n + k/8 − (log2 c + k/8) + f·polynomial(f). The
// upper bits of t are 8·(n+127) + k, and added to those of a magic number make n + k/8 of it.
func (a arithmetic) frontLogRatioSingle(t vectors, e exponent, c carried) {
	index, r, l := t.fresh(), c.registers("rest", len(t)), t.fresh()
	logarithms := a.table32("logarithms", func(k int) uint32 {
		return math.Float32bits(float32(-math.Log2(reciprocal(k)) - float64(k)/8))
	})
	unbiased := a.shared(a.constant(a.magic()-127), t)
	for i := range t {
		VPSRLD(Imm(23-eighths), t[i], index[i])
		VPADDD(unbiased, index[i], r[i])
		VSUBPS(e.biased[i], r[i], r[i])
		VPERMPS(logarithms, index[i], l[i])
		VSUBPS(e.fraction[i], l[i], l[i])
		VADDPS(l[i], r[i], r[i])
	}
	f, one := c.registers("mantissa", len(t)), a.shared(a.constant(1), t)
	a.mantissas(t, one, f)
	reciprocals := a.table32("reciprocals", func(k int) uint32 { return math.Float32bits(float32(reciprocal(k))) })
	for i := range t {
		VPERMPS(reciprocals, index[i], index[i])
		VFMSUB213PS(one, index[i], f[i])
	}
}

func (a arithmetic) backLogRatio(c carried) vectors {
	f := c["mantissa"]
	if a.single() {
		q := a.polynomial(interpolate(log2Slope, -1.0/16, 1.0/16, a.logDegree), f)
		for i, r := range c["rest"] {
			VFMADD213PS(r, f[i], q[i])
		}
		return q
	}
	smallest := math.Sqrt2 - 1
	limit := smallest / (math.Sqrt2 + 1)
	return a.restAndQuotient(c, limit*limit, a.logDegree)
}

// restAndQuotient is the rest, plus log2((1+s)/(1−s)) of the mantissa's s for s² up to a
// limit.
func (a arithmetic) restAndQuotient(c carried, limit float64, degree int) vectors {
	s := c["mantissa"]
	z := s.fresh()
	for i := range s {
		VMULPD(s[i], s[i], z[i])
	}
	p := a.polynomial(interpolate(log2Quotient, 0, limit, degree), z)
	for i, r := range c["rest"] {
		VFMADD213PD(r, s[i], p[i])
	}
	return p
}

// log2Slope returns log2(1+f)/f, which is log2Quotient at s = f/(2+f) over 2+f.
func log2Slope(f *big.Float) *big.Float {
	denominator := add(number(2), f)
	s := quo(f, denominator)
	return quo(log2Quotient(mul(s, s)), denominator)
}
