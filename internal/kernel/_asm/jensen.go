package main

import . "github.com/mmcloughlin/avo/build"

// mixture is a class's two probabilities and their logarithms less that of the mixture
// m = weight·p + rest·q, 0 where the probability is.
type mixture struct{ p, q, logP, logQ vector }

// mixture finds p = ofT·2^τ and q = ofX·2^y. The larger of them is divided by m, and what
// the other's logarithm is less follows from the exponents, of which between is what the
// scales add to their difference.
func (t turn) mixture(sx, st vector) mixture {
	c, broadcast := carried{}, func(slot int) vector { return t.broadcast(t.slot(slot)) }
	ofX, ofT := t.exponentOf(0, sx, c, "x"), t.exponentOf(1, st, c, "t")
	d := register()
	VSUBPD(ofX.y[0], ofT.y[0], d)
	VADDPD(broadcast(slotBetween), d, d)
	t.front2(ofX, c, "x", false)
	t.front2(ofT, c, "t", false)
	q, p := t.power(c, "x"), t.power(c, "t")
	VMULPD(broadcast(slotOfX), q[0], q[0])
	VMULPD(broadcast(slotOfT), p[0], p[0])
	t.keep(q)
	t.keep(p)
	m, larger := register(), register()
	VMULPD(broadcast(slotRest), q[0], m)
	VFMADD231PD(broadcast(slotWeight), p[0], m)
	VMAXPD(p[0], q[0], larger)
	t.frontLogQuotient(vectors{larger}, vectors{m}, c)
	logarithm := t.backLogQuotient(c)[0]
	none, logP, logQ := zero(), register(), register()
	VMINPD(d, none, logP)
	VADDPD(logarithm, logP, logP)
	VMAXPD(d, none, logQ)
	VSUBPD(logQ, logarithm, logQ)
	VANDPD(t.nonZero(p[0]), logP, logP)
	VANDPD(t.nonZero(q[0]), logQ, logQ)
	return mixture{p[0], q[0], logP, logQ}
}

func (a arithmetic) jensenSums() {
	f := a.begin("jensenSums", "sets a = Σ p·log2(p/m) and b = Σ q·log2(q/m), m = weight·p + rest·q.", "mixtures", "x", "t")
	f.eachRow(func() {
		sx, st := f.shiftFrom(slotCShiftX), f.shiftFrom(slotCShiftT)
		sums := f.newSums(2)
		f.loop("loop", f.tensors, 1, sums, func(t turn) {
			m := t.mixture(sx, st)
			sums.addProducts(0, vectors{m.p}, vectors{m.logP})
			sums.addProducts(1, vectors{m.q}, vectors{m.logQ})
		})
		sums.store(slotA, slotB)
	})
}

func (a arithmetic) jensenTarget() {
	f := a.beginGradient("jensenTarget", "sets out = a·p·(log2(p/m) − b), m = weight·p + rest·q.", "mixtures")
	f.eachRow(func() {
		sx, st := f.shiftFrom(slotCShiftX), f.shiftFrom(slotCShiftT)
		f.loop("loop", f.tensors, 1, nil, func(t turn) {
			m := t.mixture(sx, st)
			f.sub(f.broadcast(f.slot(slotB)), m.logP, m.logP)
			f.mul(f.broadcast(f.slot(slotA)), m.logP, m.logP)
			f.mul(m.p, m.logP, m.logP)
			t.store(vectors{m.logP}, 2)
		})
	})
}
