package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

type vector = reg.VecVirtual

// lanes of a vector of 32 bytes: arithmetic is float64 for both element types, so a float32
// kernel keeps the accuracy of its inputs through sums and differences.
const (
	vectorSize = 32
	lanes      = vectorSize / 8
)

// element is the type in memory, and how far its kernels' polynomials go.
type element struct {
	suffix, name string
	size         int
	expDegree    int // of 2^r on [−½, ½]
	logDegree    int // of log2((1+s)/(1−s))/s in s²
}

// The polynomials of float32 err by less than 2^−34, a thousandth of its epsilon.
var elements = []element{
	{suffix: "32", name: "float32", size: 4, expDegree: 7, logDegree: 4},
	{suffix: "64", name: "float64", size: 8, expDegree: 11, logDegree: 8},
}

func (e element) single() bool { return e.size == 4 }

// load returns four elements; under a mask the elements past the end are 0 and
// their memory is not touched.
func (e element) load(m Mem, mask *vector) vector {
	v := YMM()
	switch {
	case e.single() && mask == nil:
		VCVTPS2PD(m, v)
	case e.single():
		x := XMM()
		VMASKMOVPS(m, narrowMask(*mask), x)
		VCVTPS2PD(x, v)
	case mask == nil:
		VMOVUPD(m, v)
	default:
		VMASKMOVPD(m, *mask, v)
	}
	return v
}

func (e element) store(v vector, m Mem, mask *vector) {
	if !e.single() {
		if mask == nil {
			VMOVUPD(v, m)
		} else {
			VMASKMOVPD(v, *mask, m)
		}
		return
	}
	x := XMM()
	VCVTPD2PSY(v, x)
	if mask == nil {
		VMOVUPS(x, m)
	} else {
		VMASKMOVPS(x, narrowMask(*mask), m)
	}
}

// narrowMask turns a mask of four float64 into one of four float32.
func narrowMask(mask vector) reg.VecVirtual {
	high, low := XMM(), XMM()
	VEXTRACTF128(Imm(1), mask, high)
	VSHUFPS(Imm(0x88), high, mask.AsX(), low)
	return low
}

var constants = map[uint64]Mem{}

// constant is a number in every lane, in read-only memory.
func constant(x float64) Mem { return bits(math.Float64bits(x)) }

func bits(b uint64) Mem {
	if m, ok := constants[b]; ok {
		return m
	}
	m := GLOBL("constant"+hex(b), RODATA|NOPTR)
	for lane := range lanes {
		DATA(8*lane, U64(b))
	}
	constants[b] = m
	return m
}

func hex(b uint64) string {
	const digits = "0123456789abcdef"
	s := make([]byte, 16)
	for i := range s {
		s[i] = digits[b>>(60-4*i)&15]
	}
	return string(s)
}

var tailTable *Mem

// tailMask keeps the first n lanes of a size, 0 < n < lanes: a vector read from n
// lanes before the middle of a table that is set up to there.
func tailMask(n reg.GPVirtual, size int) vector {
	if tailTable == nil {
		m := GLOBL("tailMask", RODATA|NOPTR)
		for i, on := range []uint64{math.MaxUint64, 0} {
			for lane := range lanes {
				DATA(vectorSize*i+8*lane, U64(on))
			}
		}
		tailTable = &m
	}
	base, offset, mask := GP64(), GP64(), YMM()
	LEAQ(*tailTable, base)
	MOVQ(U32(uint32(vectorSize/size)), offset)
	SUBQ(n, offset)
	VMOVUPD(Mem{Base: base, Index: offset, Scale: uint8(size)}, mask)
	return mask
}

func zero() vector {
	v := YMM()
	VXORPD(v, v, v)
	return v
}

func pointer(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// broadcast is a float64 parameter in every lane.
func broadcast(name string) vector {
	a, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	v := YMM()
	VBROADCASTSD(a.Addr, v)
	return v
}

// loop is the loop of a kernel that computes in float64.
func (e element) loop(name string, n reg.GPVirtual, pointers []reg.GPVirtual, body func(at func(reg.GPVirtual) Mem, mask *vector)) {
	loop(name, n, pointers, 8, e.size, body)
}

// loop runs body over n elements of a size in memory behind each of the pointers,
// a vector of lanes at a time, and once under a mask for what is left.
func loop(name string, n reg.GPVirtual, pointers []reg.GPVirtual, laneSize, size int, body func(at func(reg.GPVirtual) Mem, mask *vector)) {
	lanes := vectorSize / laneSize
	at := func(p reg.GPVirtual) Mem { return Mem{Base: p} }
	SUBQ(Imm(uint64(lanes)), n)
	JL(LabelRef(name + "_tail"))
	Label(name + "_loop")
	body(at, nil)
	for _, p := range pointers {
		ADDQ(Imm(uint64(lanes*size)), p)
	}
	SUBQ(Imm(uint64(lanes)), n)
	JGE(LabelRef(name + "_loop"))
	Label(name + "_tail")
	ADDQ(Imm(uint64(lanes)), n)
	JZ(LabelRef(name + "_done"))
	mask := tailMask(n, laneSize)
	body(at, &mask)
	Label(name + "_done")
}

// keep clears the lanes that a mask, if there is one, leaves out.
func keep(mask *vector, v vector) {
	if mask != nil {
		VANDPD(*mask, v, v)
	}
}

// nonZero is a mask of the lanes in which v is not 0.
func nonZero(v vector) vector {
	kept := zero()
	VCMPPD(Imm(4), v, kept, kept) // not equal, NaN too
	return kept
}

// keepNonZero clears the lanes of v in which by is 0: 0·∞ is to be 0.
func keepNonZero(by, v vector) { VANDPD(nonZero(by), v, v) }

// sumInto adds the lanes of v to a float64 in memory.
func sumInto(v vector, m Mem) {
	high := XMM()
	VEXTRACTF128(Imm(1), v, high)
	VADDPD(high, v.AsX(), high)
	low := XMM()
	VPERMILPD(Imm(1), high, low)
	VADDSD(high, low, low)
	VADDSD(m, low, low)
	VMOVSD(low, m)
}
