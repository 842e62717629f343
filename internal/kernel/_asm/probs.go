package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// quotientLimit is the largest |s| of frontLogQuotient.
const quotientLimit = 0.2

// frontLogQuotient leaves what backLogQuotient makes log2 t − log2 x of, for positive
// normal t, and x of which neither ¾ is subnormal nor 2½ too large. With 2^n near t/x,
// m = t/2^n and s = (m − x)/(m + x) it is n + s·polynomial(s²), and near 0 its error is
// relative to itself. n is the difference of the bit patterns, rounded to a whole exponent:
// then ¾ ≤ m/x ≤ 1½.
func (a arithmetic) frontLogQuotient(t, x vectors, c carried) {
	const half, sign, two52 = 1 << 51, 1 << 63, 1 << 52
	n, s, m := c.registers("rest", len(t)), c.registers("mantissa", len(t)), t.fresh()
	for i := range t {
		VPSUBQ(x[i], t[i], m[i])
		VPADDQ(pattern64(sign+half), m[i], m[i]) // n + 2048 where the exponent is
		VPSRLQ(Imm(52), m[i], n[i])
		bitwiseOr(pattern64(math.Float64bits(two52)), n[i], n[i])
		VSUBPD(a.constant(two52+2048), n[i], n[i])
		VPSRLQ(Imm(52), m[i], m[i])
		VPSLLQ(Imm(52), m[i], m[i])
		VPSUBQ(m[i], t[i], m[i])
		bitwiseXor(pattern64(sign), m[i], m[i])
		VSUBPD(x[i], m[i], s[i])
		VADDPD(x[i], m[i], m[i])
		VDIVPD(m[i], s[i], s[i])
	}
}

func (a arithmetic) backLogQuotient(c carried) vectors {
	return a.restAndQuotient(c, quotientLimit*quotientLimit, a.logDegree+1)
}

// flagImpossible flags x that frontLogQuotient does not take: numbers that are negative or
// 0, nearly subnormal or nearly too large. It flags none where kept is not set.
func (f *function) flagImpossible(x, kept, flags vector) {
	small, large := register(), register()
	f.cmp(Imm(notAtLeast), f.constant(0x1p-1000), x, small)
	f.cmp(Imm(above), f.constant(0x1p1000), x, large)
	f.or(large, small, small)
	f.and(kept, small, small)
	f.or(small, flags, flags)
}

func (a arithmetic) probsLoss() {
	f := a.begin("probsLoss", "sums t and t·log2(t/x), and flags signs, and impossible x.", "sums", "x", "t")
	f.eachRow(func() {
		flags := zero()
		sums := f.newSums(2)
		f.pipeline("loop", f.unrollWide(), sums, func(turn turn, c carried) {
			x, t := turn.load(0), turn.probabilities(1, c)
			for u := range x {
				f.flagImpossible(x[u], f.nonZero(t[u]), flags)
			}
			f.frontLogQuotient(t, x, c)
		}, func(turn turn, c carried) {
			sums.addLogRatios(0, c["t"], f.backLogQuotient(c), vectors{flags})
		})
		sums.store(slotMass, slotRatio)
		f.storeFlags(flags, slotFlags)
	})
}

// quotient sets p to 0 − a·p/x, 0 where p is, and flags impossible x, and a·p that is no
// normal number.
func (f *function) quotient(p, x, a, none, flags vector) {
	kept, size, small := f.nonZero(p), register(), register()
	f.flagImpossible(x, kept, flags)
	f.mul(a, p, p)
	f.and(pattern64(1<<63-1), p, size)
	f.cmp(Imm(notAtLeast), f.constant(f.smallestNormal()), size, small)
	f.and(kept, small, small)
	f.or(small, flags, flags)
	VDIVPD(x, p, p)
	f.sub(p, none, p)
	f.and(kept, p, p)
}

func (a arithmetic) probsPred() {
	f := a.beginGradient("probsPred", "sets out = 0 − a·t/x, 0 where t is, and flags signs, impossible x, and a·t that is no normal number.",
		"coefficients")
	none := zero()
	f.eachRow(func() {
		a, flags := f.broadcast(f.slot(slotA)), zero()
		f.loop("loop", f.tensors, streamed, nil, func(turn turn) {
			x, t := turn.load(0), turn.load(1)
			for u := range x {
				f.or(t[u], flags, flags)
				f.quotient(t[u], x[u], a, none, flags)
			}
			turn.store(t, 2)
		})
		f.storeFlags(flags, slotCFlags)
	})
}

func (a arithmetic) probsTarget() {
	f := a.beginGradient("probsTarget", "sets out = a·log2(t/x) + b, 0 where t is, and flags what else is impossible.",
		"coefficients")
	f.eachRow(func() {
		a, b, flags := f.broadcast(f.slot(slotA)), f.broadcast(f.slot(slotB)), zero()
		f.pipeline("loop", f.unrollWide(), nil, func(turn turn, c carried) {
			x, t := turn.load(0), turn.probabilities(1, c)
			for u := range x {
				kept := f.nonZero(t[u])
				f.flagImpossible(x[u], kept, flags)
				f.flagImpossible(t[u], kept, flags)
			}
			f.frontLogQuotient(t, x, c)
		}, func(turn turn, c carried) {
			r := f.backLogQuotient(c)
			for u, t := range c["t"] {
				f.fma213(b, a, r[u])
				f.and(f.nonZero(t), r[u], r[u])
				f.or(t, flags, flags)
			}
			turn.store(r, 2)
		})
		f.storeFlags(flags, slotCFlags)
	})
}

// frontPowers leaves what backLogRatio makes log2 x − τ of, and front2's of 2^τ.
func (t turn) frontPowers(shift, flags vector, c carried) {
	e := t.logPowerOf(1, shift, c, "t")
	t.flagFar(e, flags)
	t.flagImpossibleBeside(e, t.load(0), flags)
	t.frontLogRatio(t.load(0), e, c)
	t.front2(e, c, "t", false)
}

// flagImpossibleBeside flags impossible x, but where 2^τ is 0 and not only subnormal.
func (t turn) flagImpossibleBeside(e exponent, x vectors, flags vector) {
	for u, tau := range e.y {
		kept := register()
		t.cmp(Imm(above), t.constant(leastExponent), tau, kept)
		t.keep(vectors{kept})
		t.flagImpossible(x[u], kept, flags)
	}
}

func (a arithmetic) powersLoss() {
	f := a.begin("powersLoss", "sums 2^τ and 2^τ·(log2 x − τ), and flags exponents out of range and impossible x.", "sums", "x", "t")
	f.eachRow(func() {
		s, flags := f.shiftFrom(slotShiftT), zero()
		sums := f.newSums(2)
		f.pipeline("loop", f.unrollWide(), sums, func(turn turn, c carried) {
			turn.frontPowers(s, flags, c)
		}, func(turn turn, c carried) {
			r, p := f.backLogRatio(c), f.power(c, "t")
			turn.keep(p)
			sums.add(0, p)
			sums.addNonZero(1, p, r)
		})
		sums.store(slotMass, slotRatio)
		f.storeFlags(flags, slotFlags)
	})
}

func (a arithmetic) powersPred() {
	f := a.beginGradient("powersPred", "sets out = 0 − a·2^τ/x, 0 where 2^τ is, and flags exponents out of range, impossible x, and a·2^τ that is no normal number.",
		"coefficients")
	none := zero()
	f.eachRow(func() {
		s := f.shiftFrom(slotCShiftT)
		a, flags := f.broadcast(f.slot(slotA)), zero()
		f.pipeline("loop", f.unrollWide(), nil, func(turn turn, c carried) {
			e := turn.logPowerOf(1, s, c, "t")
			turn.flagFar(e, flags)
			turn.flagSubnormal(e, flags)
			f.front2(e, c, "t", false)
		}, func(turn turn, c carried) {
			p := f.power(c, "t")
			turn.keep(p)
			for u, x := range turn.load(0) {
				f.quotient(p[u], x, a, none, flags)
			}
			turn.store(p, 2)
		})
		f.storeFlags(flags, slotCFlags)
	})
}

// flagSubnormal flags exponents whose powers are subnormal: front2 makes 0 of them.
func (t turn) flagSubnormal(e exponent, flags vector) {
	for _, tau := range e.y {
		small, some := register(), register()
		t.cmp(Imm(notAtLeast), t.constant(-1022), tau, small)
		t.cmp(Imm(above), t.constant(leastExponent), tau, some)
		t.and(some, small, small)
		t.keep(vectors{small})
		t.or(small, flags, flags)
	}
}

func (a arithmetic) powersTarget() {
	f := a.beginGradient("powersTarget", "sets out = 2^τ·a·(log2 x − τ − b), 0 where 2^τ is, and flags exponents out of range and impossible x.",
		"coefficients")
	f.eachRow(func() {
		s := f.shiftFrom(slotCShiftT)
		a, b, flags := f.broadcast(f.slot(slotA)), f.broadcast(f.slot(slotB)), zero()
		f.pipeline("loop", f.unrollWide(), nil, func(turn turn, c carried) {
			turn.frontPowers(s, flags, c)
		}, func(turn turn, c carried) {
			r, p := f.backLogRatio(c), f.power(c, "t")
			turn.keep(p)
			for u := range p {
				f.sub(b, r[u], r[u])
				f.and(f.nonZero(p[u]), r[u], r[u])
				f.mul(a, r[u], r[u])
				f.mul(p[u], r[u], r[u])
			}
			turn.store(r, 2)
		})
		f.storeFlags(flags, slotCFlags)
	})
}
