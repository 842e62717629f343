package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// arithmetic is the type of the elements in memory and the type they are computed
// in, and how far the polynomials go.
type arithmetic struct {
	suffix    string // of the kernels' names
	typ       string // of the elements
	size      int    // of an element in memory, in bytes
	lane      int    // of a lane, in bytes
	expDegree int    // of 2^ρ
	logDegree int    // of the logarithm of a mantissa, see log2
}

// The kernels of float32 come twice: in lanes of float32, and in lanes of float64 for
// the rows whose terms cancel. Their polynomials err by less than a third of the
// rounding of a lane; those in float64 lanes of float32 elements by less than 2^−34,
// a thousandth of float32's epsilon.
var arithmetics = []arithmetic{
	{suffix: "32", typ: "float32", size: 4, lane: 4, expDegree: 3, logDegree: 3},
	{suffix: "32Wide", typ: "float32", size: 4, lane: 8, expDegree: 7, logDegree: 4},
	{suffix: "64", typ: "float64", size: 8, lane: 8, expDegree: 11, logDegree: 8},
}

func (a arithmetic) single() bool { return a.lane == 4 }
func (a arithmetic) lanes() int   { return target.size / a.lane }

// step is the number of bytes of memory behind a vector of lanes.
func (a arithmetic) step() int { return a.lanes() * a.size }

// pick emits one of two instructions, by the lanes.
func (a arithmetic) pick(single, double func(...Op), operands []Op) {
	if a.single() {
		single(operands...)
	} else {
		double(operands...)
	}
}

// Operands are in Go's order: the destination last, and the subtrahend first.
func (a arithmetic) mov(operands ...Op)     { a.pick(VMOVUPS, VMOVUPD, operands) }
func (a arithmetic) add(operands ...Op)     { a.pick(VADDPS, VADDPD, operands) }
func (a arithmetic) sub(operands ...Op)     { a.pick(VSUBPS, VSUBPD, operands) }
func (a arithmetic) mul(operands ...Op)     { a.pick(VMULPS, VMULPD, operands) }
func (a arithmetic) max(operands ...Op)     { a.pick(VMAXPS, VMAXPD, operands) }
func (a arithmetic) min(operands ...Op)     { a.pick(VMINPS, VMINPD, operands) }
func (a arithmetic) and(operands ...Op)     { a.pick(VANDPS, VANDPD, operands) }
func (a arithmetic) or(operands ...Op)      { a.pick(VORPS, VORPD, operands) }
func (a arithmetic) xor(operands ...Op)     { a.pick(VXORPS, VXORPD, operands) }
func (a arithmetic) fma213(operands ...Op)  { a.pick(VFMADD213PS, VFMADD213PD, operands) }
func (a arithmetic) fma231(operands ...Op)  { a.pick(VFMADD231PS, VFMADD231PD, operands) }
func (a arithmetic) fms213(operands ...Op)  { a.pick(VFMSUB213PS, VFMSUB213PD, operands) }
func (a arithmetic) fnma213(operands ...Op) { a.pick(VFNMADD213PS, VFNMADD213PD, operands) }

// load reads a vector of elements; under a mask the elements past the end are 0 and
// their memory is not touched.
func (a arithmetic) load(m Mem, mask *vector, v vector) {
	switch {
	case a.size == a.lane && mask == nil:
		a.mov(m, v)
	case a.size == a.lane:
		a.loadUnder(*mask, m, v)
	case mask == nil:
		VCVTPS2PD(m, v)
	default:
		half := halfRegister()
		a.loadHalfUnder(*mask, m, half)
		VCVTPS2PD(half, v)
	}
}

func (a arithmetic) store(v vector, m Mem, mask *vector) {
	switch {
	case a.size == a.lane && mask == nil:
		a.mov(v, m)
	case a.size == a.lane:
		a.storeUnder(*mask, v, m)
	default:
		half := halfRegister()
		narrow32(v, half)
		if mask == nil {
			VMOVUPS(half, m)
		} else {
			a.storeHalfUnder(*mask, half, m)
		}
	}
}

// tailMask keeps the first n lanes, 0 < n < lanes: a vector read from n lanes before
// the middle of a table that is set up to there.
func (a arithmetic) tailMask(n reg.GPVirtual) vector {
	table := global("tailMask", func() {
		for i := range 2 * target.size / 8 {
			on := uint64(0)
			if 8*i < target.size {
				on = math.MaxUint64
			}
			DATA(8*i, U64(on))
		}
	})
	base, offset, mask := GP64(), GP64(), register()
	LEAQ(table, base)
	MOVQ(U32(uint32(a.lanes())), offset)
	SUBQ(n, offset)
	VMOVUPD(Mem{Base: base, Index: offset, Scale: uint8(a.lane)}, mask)
	return mask
}

func zero() vector {
	v := register()
	VXORPD(v, v, v)
	return v
}

func pointer(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// broadcast is a float64 in memory, in every lane.
func (a arithmetic) broadcast(m Mem) vector {
	v := register()
	a.broadcastTo(m, v)
	return v
}

func (a arithmetic) broadcastTo(m Mem, v vector) {
	VBROADCASTSD(m, v)
	if a.single() {
		narrow32(v, lowerHalf(v))
		VBROADCASTSS(v.AsX(), v)
	}
}

// storeLane stores the first lane as a float64.
func (a arithmetic) storeLane(v vector, m Mem) {
	x := v.AsX()
	if a.single() {
		x = XMM()
		VCVTSS2SD(v.AsX(), v.AsX(), x)
	}
	VMOVSD(x, m)
}

// Predicates of comparisons.
const (
	equal      = 0
	unordered  = 3
	notEqual   = 4 // NaN too
	atMost     = 0x12
	atLeast    = 0x1d
	notAtMost  = 0x16 // NaN too
	notAtLeast = 0x19 // NaN too
	above      = 0x1e
)

// nonZero is a mask of the lanes in which v is not 0.
func (a arithmetic) nonZero(v vector) vector {
	kept := zero()
	a.cmp(Imm(notEqual), v, kept, kept)
	return kept
}
