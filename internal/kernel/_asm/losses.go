package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// storing says what becomes of the exponentials that a loss is computed from.
type storing int

const (
	dropped storing = iota
	stored          // for what does without the loss, whose sums may be others
	kept            // for a gradient
)

// nowhere is no tensor.
const nowhere = -1

// addPowers adds 2^y to sum i without multiplying it out, and stores it multiplied out in a tensor,
// or nowhere: whether it does changes no bit of the sum.
func (s *sums) addPowers(i int, t turn, c carried, name string, place int) {
	scale, factor := t.back2(c, name)
	t.keep(scale) // which past the row's end may be infinite
	if place != nowhere {
		for u := range scale {
			q := register()
			s.mul(scale[u], factor[u], q)
			s.function.store(q, t.at(place, u), t.mask)
		}
	}
	s.addProducts(i, factor, scale)
}

// logitsLoss is also the first half of the gradient, with the exponentials kept.
func (a arithmetic) logitsLoss(name string, what storing) {
	doc, tensors, place := "sums 2^y, t and t·(log2 t − y).", []string{"x", "t"}, nowhere
	if what == kept {
		doc, tensors, place = "is logitsLoss, and sets out = 2^y.", append(tensors, "out"), 2
	}
	f := a.begin(name, doc, "sums", tensors...)
	if f.single() {
		f.prefer(1, math.Log2E)
	}
	f.prefetch(f.tensors[:1], f.tensors[1:])
	shift := f.shiftsAhead(slotShiftX)
	f.eachRow(func() {
		s := shift.ofRow()[0]
		flags := f.signFlags()
		sums := f.newSums(3)
		f.pipeline("loop", f.unrollWide(), sums, func(turn turn, c carried) {
			e := turn.exponentOf(0, s, c, "x")
			f.frontLogRatio(turn.probabilities(1, c), e, c)
			f.front2(e, c, "x", true)
		}, func(turn turn, c carried) {
			sums.addPowers(0, turn, c, "x", place)
			sums.addLogRatios(1, c["t"], f.backLogRatio(c), flags)
		})
		shift.advance()
		sums.store(slotPartition, slotMass, slotRatio)
		f.storeSigns(flags)
	})
}

func (a arithmetic) logProbsLoss() {
	f := a.begin("logProbsLoss", "sums t and t·(log2 t − x·log2 e).", "sums", "x", "t")
	s := f.toShift(zero())
	f.eachRow(func() {
		flags := f.signFlags()
		sums := f.newSums(2)
		f.pipeline("loop", f.unroll(), sums, func(turn turn, c carried) {
			e := turn.exponentOf(0, s, c, "x")
			f.frontLogRatio(turn.probabilities(1, c), e, c)
		}, func(turn turn, c carried) {
			sums.addLogRatios(0, c["t"], f.backLogRatio(c), flags)
		})
		sums.store(slotMass, slotRatio)
		f.storeSigns(flags)
	})
}

// unroll is how many vectors make one turn of a loop that has registers for two of float32,
// and unrollWide of one that needs those of AVX-512.
func (a arithmetic) unroll() int {
	if a.single() {
		return 2
	}
	return a.unrollWide()
}

func (a arithmetic) unrollWide() int {
	if target.wide() {
		return 2
	}
	return 1
}

// pairLoss is also the first half of derivatives, with the exponentials stored.
func (a arithmetic) pairLoss(name string, what storing, target powers) {
	doc, tensors := "sums 2^y, 2^τ, τ being t's y, and 2^τ·(τ − y).", []string{"x", "t"}
	if what != dropped {
		doc, tensors = "is pairLoss, and sets ex = 2^y and et = 2^τ.", append(tensors, "ex", "et")
	}
	f := a.begin(name, doc, "sums", tensors...)
	if f.single() {
		f.prefer(1, math.Log2E)
	}
	switch what {
	case dropped:
		f.prefetch(f.tensors[:2], nil)
	case kept:
		f.prefetch(f.tensors[:2], f.tensors[2:3])
	}
	shifts := f.shiftsAhead(slotShiftX, slotShiftT)
	f.eachRow(func() {
		s := shifts.ofRow()
		sx, st := s[0], s[1]
		sums := f.newSums(3)
		f.pipeline("loop", f.unrollWide(), sums, func(turn turn, c carried) {
			x, t := turn.exponentOf(0, sx, c, "x"), target(turn, 1, st, c, "t")
			f.exponentDifference(t, x, c.registers("difference", turn.vectors))
			f.dropZeros(t, c["difference"])
			f.front2(x, c, "x", true)
			f.front2(t, c, "t", true)
		}, func(turn turn, c carried) {
			switch what {
			case dropped:
				sums.addPowers(0, turn, c, "x", nowhere)
			case stored:
				q := f.power(c, "x")
				turn.storeExponentials(q, 2)
				turn.keep(q)
				sums.add(0, q)
			case kept:
				sums.addPowers(0, turn, c, "x", 2)
			}
			p := f.power(c, "t")
			if what != dropped {
				turn.storeExponentials(p, 3)
			}
			turn.keep(p)
			sums.add(1, p)
			sums.addProducts(2, p, c["difference"])
		})
		shifts.advance()
		sums.store(slotPartition, slotMass, slotRatio)
	})
}

// leastExponent is below that of the smallest subnormal number.
const leastExponent = -1080

// farRatio is beyond any log ratio of which a subnormal power makes nothing that counts, and
// infinite, which is untyped, beyond any float64.
const farRatio, infinite = 0x1p124, 0x1p1024

// dropZeros clears log ratios where 2^τ is 0, and makes those beyond farRatio infinite.
// Where 2^τ is subnormal, of which front2 makes 0 too, they stay: an infinite one then makes
// the sum NaN, as it should not be dropped. Lanes of float32 have no such powers.
func (a arithmetic) dropZeros(t exponent, ratios vectors) {
	if a.single() {
		return
	}
	for u, r := range ratios {
		kept := register()
		a.cmp(Imm(above), a.constant(leastExponent), t.y[u], kept)
		a.and(kept, r, r)
		if a.size == 8 {
			a.mul(a.constant(infinite/farRatio), r, r)
			a.mul(a.constant(farRatio/infinite), r, r)
		}
	}
}

// exponentDifference sets d = τ − y, in lanes of float32 with the whole parts first.
func (a arithmetic) exponentDifference(t, x exponent, d vectors) {
	for u := range d {
		if !a.single() {
			VSUBPD(x.y[u], t.y[u], d[u])
			continue
		}
		whole := register()
		VSUBPS(x.biased[u], t.biased[u], whole)
		VSUBPS(x.fraction[u], t.fraction[u], d[u])
		VADDPS(whole, d[u], d[u])
	}
}

func (a arithmetic) exponentials() {
	f := a.begin("exponentials", "sets out = 2^y and sums 2^y and t.", "sums", "x", "t", "out")
	f.eachRow(func() {
		s := f.shiftFrom(slotShiftX)
		flags := zero()
		sums := f.newSums(2)
		f.pipeline("loop", f.unroll(), sums, func(turn turn, c carried) {
			f.front2(turn.exponentOf(0, s, c, "x"), c, "x", false)
		}, func(turn turn, c carried) {
			t := turn.load(1)
			sums.add(1, t)
			t.each(func(v vector) { f.or(v, flags, flags) })
			q := f.power(c, "x")
			turn.storeExponentials(q, 2)
			turn.keep(q)
			sums.add(0, q)
		})
		sums.store(slotPartition, slotMass)
		f.storeFlags(flags, slotFlags)
	})
}
