package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// sums are accumulators in lanes, of float32 each with a second that sums what additions to
// the first round off. They are added to float64 in memory often enough that the errors of
// a long row do not add up: equal terms are all rounded one way.
type sums struct {
	*function
	lanes, rest vectors
	local       Mem
	terms       int  // that a lane adds before it is flushed
	compensated bool // what adding the partial sums rounds off is summed too
}

// newSums starts n sums at 0. Where elements are float64 too, lanes of float64 add few terms.
func (f *function) newSums(n int) *sums {
	s := &sums{function: f, terms: 256}
	if f.size == 8 {
		s.terms, s.compensated = 4, true
	}
	for range n {
		s.lanes = append(s.lanes, zero())
		if f.single() {
			s.rest = append(s.rest, zero())
		}
	}
	base := GP64()
	LEAQ(AllocLocal(target.size*(2*n+1)-8), base)
	ADDQ(Imm(uint64(target.size-8)), base)
	ANDQ(I32(-target.size), base) // vectors across cache lines would take twice as long
	s.local = Mem{Base: base}
	z := zero()
	for i := range s.lanes {
		VMOVUPD(z, s.high(i))
		if s.compensated {
			VMOVUPD(z, s.low(i))
		}
	}
	return s
}

// high is a vector with the sum before the last flush, and low what it lacks.
func (s *sums) high(i int) Mem { return s.local.Offset(target.size * 2 * i) }
func (s *sums) low(i int) Mem  { return s.local.Offset(target.size * (2*i + 1)) }

// add adds vectors to sum i, and what that rounds off of float32 to the sum's rest: all of
// it, unless a term is larger than the sum (Dekker 1971), and then but for as much as
// rounding the term would take.
func (s *sums) add(i int, vs vectors) {
	for _, v := range vs {
		if !s.single() {
			VADDPD(v, s.lanes[i], s.lanes[i])
			continue
		}
		rest := register()
		VMOVAPS(s.lanes[i], rest)
		VADDPS(v, s.lanes[i], s.lanes[i])
		VSUBPS(rest, s.lanes[i], rest)
		VSUBPS(rest, v, rest)
		VADDPS(rest, s.rest[i], s.rest[i])
	}
}

// addProducts adds products of vectors, which are not rounded by themselves, to sum i as add
// does. Of float32 it leaves nothing of r.
func (s *sums) addProducts(i int, p, r vectors) {
	for u := range p {
		if !s.single() {
			VFMADD231PD(r[u], p[u], s.lanes[i])
			continue
		}
		added := register()
		VMOVAPS(s.lanes[i], added)
		VFMADD231PS(r[u], p[u], s.lanes[i])
		VSUBPS(added, s.lanes[i], added)
		VFMSUB213PS(added, p[u], r[u])
		VADDPS(r[u], s.rest[i], s.rest[i])
	}
}

// flush adds the lanes to the sums in memory, and what that rounds off to what those lack,
// where that counts, as add does.
func (s *sums) flush() {
	for i, v := range s.lanes {
		VMOVUPD(s.total(i), s.high(i))
		VXORPD(v, v, v)
		if s.single() {
			VXORPS(s.rest[i], s.rest[i], s.rest[i])
		}
	}
}

// total is the lanes and the sum in memory, and destroys the lanes. What adding them rounds off
// is in memory where that counts.
func (s *sums) total(i int) vector {
	v := s.lanes[i]
	if s.single() {
		return s.totalSingle(i)
	}
	sum := register()
	VADDPD(s.high(i), v, sum)
	if s.compensated {
		added := register()
		VSUBPD(s.high(i), sum, added)
		VSUBPD(added, v, v)
		VADDPD(s.low(i), v, v)
		VMOVUPD(v, s.low(i))
	}
	return sum
}

// totalSingle adds the halves of the lanes and of their rest, of which there are float32 enough,
// in one more register: there are loops that leave no second one.
func (s *sums) totalSingle(i int) vector {
	v, rest, half := s.lanes[i], s.rest[i], register()
	extractUpperHalf(rest, lowerHalf(half))
	VADDPS(lowerHalf(half), lowerHalf(rest), lowerHalf(rest))
	extractUpperHalf(v, lowerHalf(half))
	VCVTPS2PD(lowerHalf(v), v)
	VCVTPS2PD(lowerHalf(half), half)
	VADDPD(half, v, v)
	VCVTPS2PD(lowerHalf(rest), rest)
	VADDPD(rest, v, v)
	VADDPD(s.high(i), v, v)
	return v
}

// store stores the sums. Of three, whose slots follow each other, the flags behind are cleared.
func (s *sums) store(slots ...int) {
	var totals []vector
	for i := range slots {
		v := s.total(i)
		if s.compensated {
			VADDPD(s.low(i), v, v)
		}
		totals = append(totals, v)
	}
	if len(slots) == 3 {
		storeThree(totals, s.slot(slots[0]))
		return
	}
	for i, slot := range slots {
		VMOVSD(sumAcross(totals[i]), s.slot(slot))
	}
}

// storeFlags stores the sign bits of v, as a number.
func (f *function) storeFlags(v vector, slot int) {
	bits, x := f.signs(v), XMM()
	VXORPD(x, x, x)
	VCVTSI2SDQ(bits, x, x)
	VMOVSD(x, f.slot(slot))
}
