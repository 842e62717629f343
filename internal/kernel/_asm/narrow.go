package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The narrow kernels compute in float32, in eight lanes: enough for gradients of
// float32, whose bound is relative to q and p and not to their difference, as long
// as no q is subnormal. The polynomial for 2^r on [−½, ½] errs by less than 2^−28.
const singleExpDegree = 6

// single32 is a float32 in every lane, in read-only memory.
func single32(x float64) Mem { return pattern32(math.Float32bits(float32(x))) }

func pattern32(b uint32) Mem { return bits(uint64(b)<<32 | uint64(b)) }

func loadSingle(m Mem, mask *vector) vector {
	v := YMM()
	if mask == nil {
		VMOVUPS(m, v)
	} else {
		VMASKMOVPS(m, *mask, v)
	}
	return v
}

func storeSingle(v vector, m Mem, mask *vector) {
	if mask == nil {
		VMOVUPS(v, m)
	} else {
		VMASKMOVPS(v, *mask, m)
	}
}

// exp2Single is exp2 in eight lanes, of (x − shift)·log2 e.
func exp2Single(x, shift vector) vector {
	const bias, magic = 127, 3 << 22
	r, n, whole := YMM(), YMM(), YMM()
	VSUBPS(shift, x, x)
	VMULPS(single32(math.Log2E), x, x)
	VMOVUPS(single32(-bias), r)
	VMAXPS(x, r, r) // the second operand wins on NaN
	VADDPS(single32(magic+bias), r, n)
	VSUBPS(single32(magic+bias), n, whole)
	VSUBPS(whole, r, r)
	VPSLLD(Imm(23), n, n)
	coefficients := interpolate(exp2, -0.5, 0.5, singleExpDegree)
	p := YMM()
	VMOVUPS(single32(coefficients[singleExpDegree]), p)
	for k := singleExpDegree - 1; k >= 0; k-- {
		VFMADD213PS(single32(coefficients[k]), r, p)
	}
	VMULPS(n, p, p)
	return p
}

// broadcastSingle is a float64 parameter, rounded, in every lane.
func broadcastSingle(name string) vector {
	wide := broadcast(name)
	rounded, v := XMM(), YMM()
	VCVTPD2PSY(wide, rounded)
	VBROADCASTSS(rounded, v)
	return v
}

// sumSingleInto adds the eight lanes of v to a float64 in memory.
func sumSingleInto(v vector, m Mem) {
	high, low := YMM(), YMM()
	upper := XMM()
	VEXTRACTF128(Imm(1), v, upper)
	VCVTPS2PD(upper, high)
	VCVTPS2PD(v.AsX(), low)
	VADDPD(high, low, low)
	sumInto(low, m)
}

// narrow names a narrow kernel and the type it works on.
var narrow = element{suffix: "Narrow", name: "float32", size: 4}

func expRowNarrow() {
	name, rows, n := narrow.begin("expRow", ", shift float64, acc *[3]float64) (signs int)",
		"sets out = 2^y and adds Σ2^y and Σt, of no more elements than float32 can sum.", "x", "t", "out")
	shift := broadcastSingle("shift")
	partition, mass, signs := zero(), zero(), zero()
	loop(name, n, rows, 4, 4, func(at func(reg.GPVirtual) Mem, mask *vector) {
		q := exp2Single(loadSingle(at(rows[0]), mask), shift)
		storeSingle(q, at(rows[2]), mask)
		keep(mask, q)
		VADDPS(q, partition, partition)
		t := loadSingle(at(rows[1]), mask)
		VADDPS(t, mass, mass)
		VORPS(t, signs, signs)
	})
	acc := pointer("acc")
	sumSingleInto(partition, Mem{Base: acc, Disp: slotX})
	sumSingleInto(mass, Mem{Base: acc, Disp: slotT})
	set := GP64()
	VMOVMSKPS(signs, set.As32()) // clears the upper half
	Store(set, ReturnIndex(0))
	end()
}

func combineNarrow() {
	name, rows, n := narrow.begin("combine", ", a, b float64)", "sets out = out·a − t·b.", "out", "t")
	a, b := broadcastSingle("a"), broadcastSingle("b")
	loop(name, n, rows, 4, 4, func(at func(reg.GPVirtual) Mem, mask *vector) {
		q, t := loadSingle(at(rows[0]), mask), loadSingle(at(rows[1]), mask)
		VMULPS(b, t, t)
		VFMSUB213PS(t, a, q)
		storeSingle(q, at(rows[0]), mask)
	})
	end()
}

func logitPairGradientNarrow() {
	name, rows, n := narrow.begin("logitPairGradient", ", shiftX, shiftT, a, b float64)",
		"sets out = 2^y·a − 2^τ·b, 0 where the two products are equal.", "x", "t", "out")
	shiftX, shiftT, a, b := broadcastSingle("shiftX"), broadcastSingle("shiftT"), broadcastSingle("a"), broadcastSingle("b")
	loop(name, n, rows, 4, 4, func(at func(reg.GPVirtual) Mem, mask *vector) {
		q := exp2Single(loadSingle(at(rows[0]), mask), shiftX)
		p := exp2Single(loadSingle(at(rows[1]), mask), shiftT)
		VMULPS(a, q, q)
		VMULPS(b, p, p)
		VSUBPS(p, q, q)
		storeSingle(q, at(rows[2]), mask)
	})
	end()
}
