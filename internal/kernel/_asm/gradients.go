package main

import (
	"math"

	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func (a arithmetic) negate() {
	f := a.beginGradient("negate", "sets out = 0 − t·a, and flags a row with a NaN or an infinite t.", "coefficients")
	none := zero()
	f.eachRow(func() {
		a, flags := f.broadcast(f.slot(slotA)), zero()
		f.loop("loop", f.tensors, streamed, nil, func(turn turn) {
			x, t := turn.load(0), turn.load(1)
			for u := range x {
				f.cmp(Imm(unordered), t[u], x[u], x[u])
				f.or(x[u], flags, flags)
				f.or(t[u], flags, flags)
				f.flagInfinite(t[u], flags)
				f.fnma213(none, a, t[u])
			}
			turn.store(t, 2)
		})
		f.storeFlags(flags, slotCFlags)
	})
}

func (a arithmetic) logitsPred() {
	f := a.beginGradient("logitsPred", "sets out = a·2^y − b·t.", "coefficients")
	f.eachRow(func() {
		s := f.shiftFrom(slotCShiftX)
		a, b := f.broadcast(f.slot(slotA)), f.broadcast(f.slot(slotB))
		f.pipeline("loop", f.unroll(), nil, func(turn turn, c carried) {
			f.front2(turn.exponentOf(0, s, c, "x"), c, "x", false)
		}, func(turn turn, c carried) {
			q, t := f.power(c, "x"), turn.load(1)
			for u := range q {
				f.mul(b, t[u], t[u])
				f.fms213(t[u], a, q[u])
			}
			turn.store(q, 2)
		})
	})
}

// keptPred is logitsPred of exponentials that logitsLoss has kept.
func (a arithmetic) keptPred() {
	f := a.begin("keptPred", "sets out = a·out − b·t, with an a and a b for each row.", "a", "t", "out")
	between := f.fromRecord("b")
	factors := f.newAhead(2, func(record reg.GPVirtual, to vectors) {
		f.broadcastTo(Mem{Base: record}, to[0])
		f.broadcastTo(Mem{Base: record, Index: between, Scale: 1}, to[1])
	})
	f.eachRow(func() {
		of, next := factors.ofRow(), factors.ofNextRow()
		a, b := of[0], of[1]
		f.loop("loop", f.tensors, streamed, nil, func(turn turn) {
			t, q := turn.load(0), turn.load(1)
			for u := range q {
				f.mul(b, t[u], t[u])
				f.fms213(t[u], a, q[u])
			}
			turn.store(q, 1)
		})
		factors.take(next)
	})
}

// pairPred takes the target's powers by themselves where they are not divided by their sum.
func (a arithmetic) pairPred(name string, target powers) {
	f := a.beginGradient(name, "sets out = a·2^y − b·2^τ.", "coefficients")
	f.eachRow(func() {
		sx, st := f.shiftFrom(slotCShiftX), f.shiftFrom(slotCShiftT)
		a, b := f.broadcast(f.slot(slotA)), f.broadcast(f.slot(slotB))
		f.pipeline("loop", f.unrollWide(), nil, func(turn turn, c carried) {
			f.front2(turn.exponentOf(0, sx, c, "x"), c, "x", false)
			f.front2(target(turn, 1, st, c, "t"), c, "t", false)
		}, func(turn turn, c carried) {
			q, p := f.power(c, "x"), f.power(c, "t")
			for u := range q {
				f.mul(b, p[u], p[u])
				f.fms213(p[u], a, q[u])
			}
			turn.store(q, 2)
		})
	})
}

func (a arithmetic) targetProbs() {
	f := a.beginGradient("targetProbs", "sets out = a·(log2 t − y) + b, 0 where t is, and flags a row with a subnormal or infinite t or a NaN.",
		"coefficients")
	f.eachRow(func() {
		s := f.shiftFrom(slotCShiftX)
		a, b, flags := f.broadcast(f.slot(slotA)), f.broadcast(f.slot(slotB)), zero()
		f.pipeline("loop", f.unrollWide(), nil, func(turn turn, c carried) {
			e := turn.exponentOf(0, s, c, "x")
			f.frontLogRatio(turn.probabilities(1, c), e, c)
		}, func(turn turn, c carried) {
			r := f.backLogRatio(c)
			for u, t := range c["t"] {
				f.fma213(b, a, r[u])
				kept := f.nonZero(t)
				f.and(kept, r[u], r[u])
				f.or(t, flags, flags)
				f.flagInfinite(t, flags)
				f.cmp(Imm(notAtLeast), f.constant(f.smallestNormal()), t, t)
				f.and(kept, t, t)
				f.or(t, flags, flags)
			}
			turn.store(r, 2)
			r.each(func(v vector) {
				f.cmp(Imm(unordered), v, v, v)
				f.or(v, flags, flags)
			})
		})
		f.storeFlags(flags, slotCFlags)
	})
}

// flagInfinite flags +∞, which is no class's probability.
func (a arithmetic) flagInfinite(t, flags vector) {
	infinite := register()
	a.cmp(Imm(above), a.constant(a.largest()), t, infinite)
	a.or(infinite, flags, flags)
}

func (a arithmetic) largest() float64 {
	if a.single() {
		return math.MaxFloat32
	}
	return math.MaxFloat64
}

func (a arithmetic) smallestNormal() float64 {
	if a.single() {
		return 0x1p-126
	}
	return 0x1p-1022
}

func (a arithmetic) pairTarget(name string, target powers) {
	f := a.beginGradient(name, "sets out = 2^τ·a·(τ − y − b), 0 where 2^τ is, and flags products that overflow, in float64.", "coefficients")
	f.eachRow(func() {
		sx, st := f.shiftFrom(slotCShiftX), f.shiftFrom(slotCShiftT)
		a, b, flags := f.broadcast(f.slot(slotA)), f.broadcast(f.slot(slotB)), zero()
		f.pipeline("loop", f.unrollWide(), nil, func(turn turn, c carried) {
			x, t := turn.exponentOf(0, sx, c, "x"), target(turn, 1, st, c, "t")
			f.exponentDifference(t, x, c.registers("difference", turn.vectors))
			f.front2(t, c, "t", false)
		}, func(turn turn, c carried) {
			p := f.power(c, "t")
			for u, r := range c["difference"] {
				f.sub(b, r, r)
				if !f.single() {
					f.and(f.nonZero(p[u]), r, r)
				}
				f.mul(a, r, r)
				if f.size == 8 {
					f.flagInfinities(r, flags)
				}
				f.mul(p[u], r, r)
			}
			turn.store(c["difference"], 2)
		})
		if f.size == 8 { // float32 and a factor are far from overflowing
			f.storeFlags(flags, slotCFlags)
		}
	})
}

// flagInfinities flags what is not finite.
func (a arithmetic) flagInfinities(v, flags vector) {
	finite := register()
	a.sub(v, v, finite)
	a.cmp(Imm(unordered), finite, finite, finite)
	a.or(finite, flags, flags)
}

func (a arithmetic) dot() {
	f := a.begin("dot", "sums out·v.", "sums", "out", "v")
	f.eachRow(func() {
		sums := f.newSums(1)
		f.loop("loop", f.tensors, streamed, sums, func(t turn) {
			q, v := t.load(0), t.load(1)
			sums.addProducts(0, q, v)
		})
		sums.store(slotRatio)
	})
}

func (a arithmetic) centre() {
	f := a.begin("centre", "sets out = out·(a·(v − b)), and flags products that overflow.", "coefficients", "out", "v")
	f.eachRow(func() {
		a, b, flags := f.broadcast(f.slot(slotA)), f.broadcast(f.slot(slotB)), zero()
		f.loop("loop", f.tensors, streamed, nil, func(t turn) {
			q, v := t.load(0), t.load(1)
			for u := range q {
				f.sub(b, v[u], v[u])
				f.mul(a, v[u], v[u])
				f.flagInfinities(v[u], flags)
				f.mul(q[u], v[u], v[u])
			}
			t.store(v, 0)
		})
		f.storeFlags(flags, slotCFlags)
	})
}
