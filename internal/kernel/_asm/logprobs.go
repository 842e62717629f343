package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// difference leaves (t − x)·log2 e, of numbers as they are: rounded relative to itself, and
// not to its terms.
func (t turn) difference(c carried) vectors {
	d := t.loadInto(c.registers("difference", t.vectors), 1)
	for u, x := range t.load(0) {
		t.sub(x, d[u], d[u])
		t.mul(t.constant(math.Log2E), d[u], d[u])
	}
	return d
}

// powerOf is exponentOf for powers that count by themselves, and not only beside their
// sum: with an error of the power relative to itself, whatever the exponent is.
func (t turn) powerOf(tensor int, shift vector, c carried, name string) exponent {
	if t.single() {
		return t.exponentOf(tensor, shift, c, name) // whose log2 e has two parts
	}
	// Below least the exponent's field is 0. The second operand wins on NaN.
	const least, bias = -709.1, 1023
	const rest = 2.0355273740931033e-17 // of log2 e, which is rounded to float64
	x := t.loadInto(c.registers(name+"fraction", t.vectors), tensor)
	e := exponent{fraction: x, biased: x.fresh()}
	for u, fraction := range x {
		clamped, whole := register(), register()
		VADDPD(shift, fraction, fraction)
		VMOVUPD(t.constant(least), clamped)
		VMAXPD(fraction, clamped, clamped)
		VMOVUPD(t.constant(t.magic()+bias), e.biased[u])
		VMOVUPD(t.constant(math.Log2E), fraction)
		VFMADD231PD(fraction, clamped, e.biased[u])
		VSUBPD(t.constant(t.magic()+bias), e.biased[u], whole)
		VFMSUB213PD(whole, clamped, fraction)
		VFMADD231PD(t.constant(rest), clamped, fraction)
	}
	return e
}

// logPowerOf is powerOf, and τ.
func (t turn) logPowerOf(tensor int, shift vector, c carried, name string) exponent {
	e := t.powerOf(tensor, shift, c, name)
	if !t.single() {
		e.y = t.load(tensor)
		e.y.each(func(v vector) {
			VADDPD(shift, v, v)
			VMULPD(t.constant(math.Log2E), v, v)
		})
	}
	return e
}

// flagFar flags exponents of which there is no power: too large, NaN or, in lanes of
// float32, too small for a normal number.
func (t turn) flagFar(e exponent, flags vector) {
	const least, most = -124, 46
	none := t.magic()
	if !t.single() {
		none += 1023
	}
	for _, biased := range e.biased {
		far := register()
		t.cmp(Imm(notAtMost), t.constant(none+most), biased, far)
		if t.single() {
			small := register()
			t.cmp(Imm(notAtLeast), t.constant(none+least), biased, small)
			t.or(small, far, far)
		}
		t.keep(vectors{far})
		t.or(far, flags, flags)
	}
}

// frontLogPair leaves what front2 makes of 2^τ, and the difference.
func (t turn) frontLogPair(shift, flags vector, c carried) {
	e := t.logPowerOf(1, shift, c, "t")
	t.dropZeros(e, t.difference(c))
	t.flagFar(e, flags)
	t.front2(e, c, "t", false)
}

func (a arithmetic) logPairLoss() {
	f := a.begin("logPairLoss", "sums 2^τ, τ = t·log2 e, and 2^τ·(t − x)·log2 e, and flags exponents out of range.", "sums", "x", "t")
	s := f.toShift(zero())
	f.eachRow(func() {
		flags := zero()
		sums := f.newSums(2)
		f.pipeline("loop", f.unrollWide(), sums, func(turn turn, c carried) {
			turn.frontLogPair(s, flags, c)
		}, func(turn turn, c carried) {
			p := f.power(c, "t")
			turn.keep(p)
			sums.add(0, p)
			sums.addProducts(1, p, c["difference"])
		})
		sums.store(slotMass, slotRatio)
		f.storeFlags(flags, slotFlags)
	})
}

func (a arithmetic) negatePower() {
	f := a.beginGradient("negatePower", "sets out = 0 − a·2^τ, and flags a row with a NaN or an exponent out of range.", "coefficients")
	none := zero()
	f.eachRow(func() {
		s := f.shiftFrom(slotCShiftT)
		a, flags := f.broadcast(f.slot(slotA)), zero()
		f.pipeline("loop", f.unroll(), nil, func(turn turn, c carried) {
			turn.load(0).each(func(x vector) {
				f.cmp(Imm(unordered), x, x, x)
				f.or(x, flags, flags)
			})
			e := turn.powerOf(1, s, c, "t")
			turn.flagFar(e, flags)
			f.front2(e, c, "t", false)
		}, func(turn turn, c carried) {
			p := f.power(c, "t")
			p.each(func(v vector) { f.fnma213(none, a, v) })
			turn.store(p, 2)
		})
		f.storeFlags(flags, slotCFlags)
	})
}

func (a arithmetic) logPairTarget() {
	f := a.beginGradient("logPairTarget", "sets out = 2^τ·a·((t − x)·log2 e + b), τ = t·log2 e, 0 where 2^τ is, and flags exponents out of range and products that overflow.",
		"coefficients")
	s := f.toShift(zero())
	f.eachRow(func() {
		a, b, flags := f.broadcast(f.slot(slotA)), f.broadcast(f.slot(slotB)), zero()
		f.pipeline("loop", f.unrollWide(), nil, func(turn turn, c carried) {
			turn.frontLogPair(s, flags, c)
		}, func(turn turn, c carried) {
			p := f.power(c, "t")
			for u, r := range c["difference"] {
				f.add(b, r, r)
				f.mul(a, r, r)
				f.flagInfinities(r, flags)
				f.mul(p[u], r, r)
			}
			turn.store(c["difference"], 2)
		})
		f.storeFlags(flags, slotCFlags)
	})
}
