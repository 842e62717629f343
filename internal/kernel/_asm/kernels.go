package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// streamed is how many vectors make one turn of the loops that wait for memory.
const streamed = 2

// extremes may pass over a NaN.
func (a arithmetic) extremes() {
	f := a.begin("extremes", "sets the shift of x, and its reach.", "shift", "x")
	// In memory's own type, whatever the lanes.
	m := *f
	m.lane = m.size
	f.eachRow(func() {
		first := register()
		if m.single() {
			VBROADCASTSS(Mem{Base: f.tensors[0]}, first)
		} else {
			VBROADCASTSD(Mem{Base: f.tensors[0]}, first)
		}
		// As many of each as vectors make a turn, which then wait for no other.
		largest, smallest := make(vectors, streamed).fresh(), make(vectors, streamed).fresh()
		for u := range streamed {
			VMOVAPD(first, largest[u])
			VMOVAPD(first, smallest[u])
		}
		m.loop("loop", f.tensors, streamed, nil, func(t turn) {
			for u, v := range t.load(0) {
				if t.mask != nil {
					m.blend(*t.mask, v, first, v)
				}
				m.max(v, largest[u], largest[u])
				m.min(v, smallest[u], smallest[u])
			}
		})
		for u := 1; u < streamed; u++ {
			m.max(largest[u], largest[0], largest[0])
			m.min(smallest[u], smallest[0], smallest[0])
		}
		f.storeExtremes(m, largest[0], smallest[0])
	})
}

// storeExtremes stores what the lanes of m found as f needs it.
func (f *function) storeExtremes(m function, largest, smallest vector) {
	m.xor(m.constant(math.Copysign(0, -1)), smallest, smallest) // whose largest opposite is found like the other
	largest, opposite := m.acrossBoth(largest, smallest, m.max)
	if m.lane != f.lane {
		VCVTPS2PD(largest, largest)
		VCVTPS2PD(opposite, opposite)
	}
	f.storeLane(f.shiftOf(largest), f.slot(slotShiftX))
	f.add(opposite, largest, largest)
	f.storeLane(largest, f.slot(slotReach))
}

// shiftFrom reads a shift from the row's record.
func (f *function) shiftFrom(slot int) vector { return f.toShift(f.broadcast(f.slot(slot))) }

// exponentOf splits the exponents of a tensor.
func (t turn) exponentOf(tensor int, shift vector, c carried, name string) exponent {
	return t.exponent(t.loadInto(c.registers(name+"fraction", t.vectors), tensor), shift)
}

// powers is a way to split exponents.
type powers func(t turn, tensor int, shift vector, c carried, name string) exponent

// probabilities loads a tensor that is needed in both halves of a turn.
func (t turn) probabilities(tensor int, c carried) vectors {
	return t.loadInto(c.registers("t", t.vectors), tensor)
}

// signFlags is where signs of a row's probabilities are noted, nothing where negative ones make
// its sums NaN.
func (f *function) signFlags() vectors {
	if f.negativeIsNaN() {
		return nil
	}
	return vectors{zero()}
}

// storeSigns stores whether there are signs.
func (f *function) storeSigns(flags vectors) {
	if flags == nil {
		none := XMM()
		VXORPD(none, none, none)
		VMOVSD(none, f.slot(slotFlags))
	}
	flags.each(func(v vector) { f.storeFlags(v, slotFlags) })
}

// addLogRatios adds t to sum i and t·r to the next, r being a logarithm of t less another,
// and t's signs to flags. In lanes of float64 a class with t = 0 adds nothing even where r
// is infinite; past a row's end t is 0.
func (s *sums) addLogRatios(i int, t, r, flags vectors) {
	s.add(i, t)
	s.addNonZero(i+1, t, r)
	flags.each(func(all vector) {
		t.each(func(v vector) { s.or(v, all, all) })
	})
}

// addNonZero is addProducts for p that in lanes of float64 adds nothing where it is 0.
func (s *sums) addNonZero(i int, p, r vectors) {
	if !s.single() {
		for u := range p {
			s.and(s.nonZero(p[u]), r[u], r[u])
		}
	}
	s.addProducts(i, p, r)
}
