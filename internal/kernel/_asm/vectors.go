package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// This file is all in which vectors of AVX-512 differ from those of AVX2. Masks are
// vectors in both, with all bits of a lane set or none: those that instructions of AVX-512
// take are made of them, or them of those, where they are needed.

type vector = reg.VecVirtual

// set is an instruction set.
type set struct {
	suffix string // of the kernels' names
	size   int    // of a vector, in bytes
}

var (
	avx2   = set{"", 32}
	avx512 = set{"AVX512", 64}
	target = avx2 // of this run
)

func (s set) wide() bool { return s == avx512 }

func register() vector {
	if target.wide() {
		return ZMM()
	}
	return YMM()
}

// halfRegister has half a vector's size.
func halfRegister() vector {
	if target.wide() {
		return YMM()
	}
	return XMM()
}

func lowerHalf(v vector) reg.Register {
	if target.wide() {
		return v.AsY()
	}
	return v.AsX()
}

func extractUpperHalf(v vector, half Op) {
	if target.wide() {
		VEXTRACTF64X4(Imm(1), v, half)
	} else {
		VEXTRACTF128(Imm(1), v, half)
	}
}

func bitwiseAnd(x Op, y, to vector) {
	if target.wide() {
		VPANDQ(x, y, to)
	} else {
		VPAND(x, y, to)
	}
}

func bitwiseOr(x Op, y, to vector) {
	if target.wide() {
		VPORQ(x, y, to)
	} else {
		VPOR(x, y, to)
	}
}

func bitwiseXor(x Op, y, to vector) {
	if target.wide() {
		VPXORQ(x, y, to)
	} else {
		VPXOR(x, y, to)
	}
}

// round rounds float32 to whole numbers.
func round(v, to vector) {
	if target.wide() {
		VRNDSCALEPS(Imm(0), v, to)
	} else {
		VROUNDPS(Imm(0), v, to)
	}
}

// mantissas sets m to the mantissas of positive normal float32 t, 1 ≤ m < 2. Those of numbers
// below 0 are NaN where negativeIsNaN, and that of −0 is finite.
func (a arithmetic) mantissas(t vectors, one Op, m vectors) {
	if a.negativeIsNaN() {
		const fromOneToTwo, notOfNegative = 0, 2 << 2
		for i := range t {
			VGETMANTPS(Imm(fromOneToTwo|notOfNegative), t[i], m[i])
		}
		return
	}
	mask := a.shared(pattern32(1<<23-1), t)
	for i := range t {
		VANDPS(mask, t[i], m[i])
		VORPS(one, m[i], m[i])
	}
}

func (a arithmetic) negativeIsNaN() bool { return a.single() && target.wide() }

// fill sets every lane of v to a coefficient.
func (a arithmetic) fill(coefficient Op, v vector) {
	if m, ok := coefficient.(Mem); ok && target.wide() {
		VBROADCASTSD(m, v)
		return
	}
	a.mov(coefficient, v)
}

// fma213Broadcast is fma213 of a coefficient.
func (a arithmetic) fma213Broadcast(coefficient Op, x, p vector) {
	if m, ok := coefficient.(Mem); ok && target.wide() {
		a.pick(VFMADD213PS_BCST, VFMADD213PD_BCST, []Op{m, x, p})
		return
	}
	a.fma213(coefficient, x, p)
}

// cmp sets the mask of a predicate, x and y being in Go's order.
func (a arithmetic) cmp(predicate Op, x Op, y, mask vector) {
	if !target.wide() {
		a.pick(VCMPPS, VCMPPD, []Op{predicate, x, y, mask})
		return
	}
	k := K()
	a.pick(VCMPPS, VCMPPD, []Op{predicate, x, y, k})
	if a.single() {
		VPMOVM2D(k, mask)
	} else {
		VPMOVM2Q(k, mask)
	}
}

// greater sets the mask of x > y, of whole numbers.
func greater(x vector, y Op, mask vector) {
	if !target.wide() {
		VPCMPGTQ(y, x, mask)
		return
	}
	k := K()
	VPCMPGTQ(y, x, k)
	VPMOVM2Q(k, mask)
}

// opmask is a mask as instructions of AVX-512 take it.
func (a arithmetic) opmask(mask vector) reg.Register {
	k := K()
	if a.single() {
		VPMOVD2M(mask, k)
	} else {
		VPMOVQ2M(mask, k)
	}
	return k
}

// blend sets to to v under the mask, and to other elsewhere.
func (a arithmetic) blend(mask, v, other, to vector) {
	switch {
	case !target.wide():
		VBLENDVPS(mask, v, other, to)
	case a.single():
		VBLENDMPS(v, other, a.opmask(mask), to)
	default:
		VBLENDMPD(v, other, a.opmask(mask), to)
	}
}

// signs is a number with a bit for each lane's sign.
func (a arithmetic) signs(v vector) reg.GPVirtual {
	bits := GP64()
	switch {
	case target.wide():
		KMOVW(a.opmask(v), bits.As32()) // clears the upper half
	case a.single():
		VMOVMSKPS(v, bits.As32())
	default:
		VMOVMSKPD(v, bits.As32())
	}
	return bits
}

// loadUnder reads elements of a lane's size under a mask: the rest is 0 and its memory not
// touched.
func (a arithmetic) loadUnder(mask vector, m Mem, v vector) {
	switch {
	case target.wide() && a.single():
		VMOVUPS_Z(m, a.opmask(mask), v)
	case target.wide():
		VMOVUPD_Z(m, a.opmask(mask), v)
	case a.single():
		VMASKMOVPS(m, mask, v)
	default:
		VMASKMOVPD(m, mask, v)
	}
}

func (a arithmetic) storeUnder(mask, v vector, m Mem) {
	switch {
	case target.wide() && a.single():
		VMOVUPS(v, a.opmask(mask), m)
	case target.wide():
		VMOVUPD(v, a.opmask(mask), m)
	case a.single():
		VMASKMOVPS(v, mask, m)
	default:
		VMASKMOVPD(v, mask, m)
	}
}

// loadHalfUnder and storeHalfUnder are of float32 elements of lanes of float64.
func (a arithmetic) loadHalfUnder(mask vector, m Mem, half vector) {
	if target.wide() {
		VMOVUPS_Z(m, a.opmask(mask), half)
	} else {
		VMASKMOVPS(m, halfMask(mask), half)
	}
}

func (a arithmetic) storeHalfUnder(mask, half vector, m Mem) {
	if target.wide() {
		VMOVUPS(half, a.opmask(mask), m)
	} else {
		VMASKMOVPS(half, halfMask(mask), m)
	}
}

// halfMask turns a mask of four float64 into one of four float32.
func halfMask(mask vector) vector {
	high, low := XMM(), XMM()
	VEXTRACTF128(Imm(1), mask, high)
	VSHUFPS(Imm(0x88), high, mask.AsX(), low)
	return low
}

// narrow32 rounds float64 to float32, in half a vector.
func narrow32(v vector, half Op) {
	if target.wide() {
		VCVTPD2PS(v, half)
	} else {
		VCVTPD2PSY(v, half)
	}
}

// sumAcross is the sum of all lanes of float64, in the first lane of the smallest vector.
func sumAcross(v vector) vector {
	v = sumHalves(v)
	x, other := XMM(), XMM()
	if target.wide() {
		VEXTRACTF64X2(Imm(1), v, x) // of any register
	} else {
		VEXTRACTF128(Imm(1), v, x)
	}
	VADDPD(v.AsX(), x, x)
	VPERMILPD(Imm(1), x, other)
	VADDPD(other, x, x)
	return x
}

// acrossBoth is op of all lanes of v, and of all of w, each in the first lane of the smallest vector:
// in fewer shuffles than of one after the other.
func (a arithmetic) acrossBoth(v, w vector, op func(...Op)) (ofV, ofW vector) {
	both, other := register(), register()
	if target.wide() {
		VSHUFF64X2(Imm(0x44), w, v, both)
		VSHUFF64X2(Imm(0xee), w, v, other)
		op(other, both, both)
		VSHUFF64X2(Imm(0xb1), both, both, other)
		op(other, both, both)
	} else {
		VPERM2F128(Imm(0x20), w, v, both)
		VPERM2F128(Imm(0x31), w, v, other)
		op(other, both, both)
	}
	if a.single() {
		VPERMILPS(Imm(0x4e), both, other)
		op(other, both, both)
		VPERMILPS(Imm(0xb1), both, other)
	} else {
		VPERMILPD(Imm(0x55&(1<<a.lanes()-1)), both, other)
	}
	op(other, both, both)
	half := halfRegister()
	extractUpperHalf(both, half)
	return both.AsX().(vector), half.AsX().(vector)
}

// sumHalves is the sum of the two halves of a vector of 64 bytes.
func sumHalves(v vector) vector {
	if !target.wide() {
		return v
	}
	half := YMM()
	VEXTRACTF64X4(Imm(1), v, half)
	VADDPD(v.AsY(), half, half)
	return half
}

// storeThree stores the sums of three vectors of float64, and 0 behind.
func storeThree(v []vector, m Mem) {
	for i := range v {
		v[i] = sumHalves(v[i])
	}
	none := YMM()
	VXORPD(none, none, none)
	first, last := addNeighbours(v[0], v[1]), addNeighbours(v[2], none)
	low, high := YMM(), YMM()
	if target.wide() {
		VSHUFF64X2(Imm(0), last, first, low)
		VSHUFF64X2(Imm(3), last, first, high)
	} else {
		VPERM2F128(Imm(0x20), last, first, low)
		VPERM2F128(Imm(0x31), last, first, high)
	}
	VADDPD(low, high, high)
	VMOVUPD(high, m)
}

// addNeighbours adds the float64 of every half of v, and beside it those of w, in 32 bytes.
func addNeighbours(v, w vector) vector {
	even, odd := YMM(), YMM()
	VUNPCKLPD(w, v, even)
	VUNPCKHPD(w, v, odd)
	VADDPD(even, odd, odd)
	return odd
}
