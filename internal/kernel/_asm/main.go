// Command asm generates the AVX2 and FMA kernels of internal/kernel:
//
//	go run . -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg kernel
//
// Each works on one contiguous row, in base 2: y = (x − shift)·log2 e. Sums are
// added to acc, whose slots are named below. A kernel that reads probabilities
// returns their sign bits, or-ed: where any is set the row may hold a negative
// number, and the caller takes the portable path.
package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Slots of acc.
const (
	slotX    = 0  // Σ 2^y
	slotT    = 8  // Σ t, or Σ 2^τ for logits
	slotLoss = 16 // Σ t·(log2 t − y), or Σ 2^τ·(τ − y)
)

func main() {
	ConstraintExpr("!purego")
	for _, e := range elements {
		e.rowRange()
		e.logitsLoss()
		e.logProbsLoss()
		e.logitPairLoss()
		e.expRow()
		e.combine()
		e.logitPairGradient()
		e.targetLogitsGradient()
		e.targetProbsGradient()
		e.dot()
		e.centre()
	}
	expRowNarrow()
	combineNarrow()
	logitPairGradientNarrow()
	Generate()
}

// begin declares a kernel and loads its row pointers and its length.
func (e element) begin(name, signature, doc string, rows ...string) (string, []reg.GPVirtual, reg.GPVirtual) {
	name += e.suffix
	list := ""
	for i, row := range rows {
		if i > 0 {
			list += ", "
		}
		list += row
	}
	TEXT(name, NOSPLIT, fmt.Sprintf("func(%s *%s, n int%s", list, e.name, signature))
	Pragma("noescape")
	Doc(name + " " + doc)
	var pointers []reg.GPVirtual
	for _, row := range rows {
		pointers = append(pointers, pointer(row))
	}
	return name, pointers, pointer("n")
}

func end() {
	VZEROUPPER()
	RET()
}

// base2 returns (x − shift)·log2 e.
func base2(x, shift vector) vector {
	y := YMM()
	VSUBPD(shift, x, y)
	VMULPD(constant(math.Log2E), y, y)
	return y
}

func returnSigns(signs vector) {
	set := GP64()
	VMOVMSKPD(signs, set.As32()) // clears the upper half
	Store(set, ReturnIndex(0))
}

func (e element) rowRange() {
	name, rows, n := e.begin("rowRange", ") (largest, smallest "+e.name+")",
		"returns the extremes of n elements, n a positive multiple of 32/size of one. A NaN may be passed over.", "x")
	x, largest, smallest := rows[0], YMM(), YMM()
	extremes := func(m Op, into vector, max bool) {
		switch {
		case e.single() && max:
			VMAXPS(m, into, into)
		case e.single():
			VMINPS(m, into, into)
		case max:
			VMAXPD(m, into, into)
		default:
			VMINPD(m, into, into)
		}
	}
	VMOVUPD(Mem{Base: x}, largest)
	VMOVUPD(largest, smallest)
	Label(name + "_loop")
	extremes(Mem{Base: x}, largest, true)
	extremes(Mem{Base: x}, smallest, false)
	ADDQ(Imm(32), x)
	SUBQ(Imm(uint64(32/e.size)), n)
	JG(LabelRef(name + "_loop"))
	for i, v := range []vector{largest, smallest} {
		for _, shuffle := range []uint64{2, 1, 0} { // halves, pairs, neighbours
			other := YMM()
			switch {
			case shuffle == 2:
				VPERM2F128(Imm(1), v, v, other)
			case shuffle == 1 && e.single():
				VPERMILPS(Imm(0x4e), v, other)
			case e.single():
				VPERMILPS(Imm(0xb1), v, other)
			default:
				VPERMILPD(Imm(5), v, other)
			}
			extremes(other, v, i == 0)
		}
		Store(v.AsX(), ReturnIndex(i))
	}
	end()
}

// logRatioTerms adds t·(log2 t − y), 0 where t is, to loss, t to mass and t's signs
// to signs. Past a row's end t is 0.
func (e element) logRatioTerms(t, y, loss, mass, signs vector) {
	ratio := e.log2(t)
	VSUBPD(y, ratio, ratio)
	keepNonZero(t, ratio)
	VFMADD231PD(ratio, t, loss)
	VADDPD(t, mass, mass)
	VORPD(t, signs, signs)
}

func (e element) logitsLoss() {
	name, rows, n := e.begin("logitsLoss", ", shift float64, acc *[3]float64) (signs int)",
		"adds Σ2^y, Σt and Σt·(log2 t − y), to which t = 0 adds nothing.", "x", "t")
	shift := broadcast("shift")
	partition, mass, loss, signs := zero(), zero(), zero(), zero()
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		y := base2(e.load(at(rows[0]), mask), shift)
		q := e.exp2(y)
		keep(mask, q)
		VADDPD(q, partition, partition)
		e.logRatioTerms(e.load(at(rows[1]), mask), y, loss, mass, signs)
	})
	acc := pointer("acc")
	sumInto(partition, Mem{Base: acc, Disp: slotX})
	sumInto(mass, Mem{Base: acc, Disp: slotT})
	sumInto(loss, Mem{Base: acc, Disp: slotLoss})
	returnSigns(signs)
	end()
}

func (e element) logProbsLoss() {
	name, rows, n := e.begin("logProbsLoss", ", acc *[3]float64) (signs int)",
		"adds Σt and Σt·(log2 t − x·log2 e), to which t = 0 adds nothing.", "x", "t")
	mass, loss, signs := zero(), zero(), zero()
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		y := e.load(at(rows[0]), mask)
		VMULPD(constant(math.Log2E), y, y)
		e.logRatioTerms(e.load(at(rows[1]), mask), y, loss, mass, signs)
	})
	acc := pointer("acc")
	sumInto(mass, Mem{Base: acc, Disp: slotT})
	sumInto(loss, Mem{Base: acc, Disp: slotLoss})
	returnSigns(signs)
	end()
}

func (e element) logitPairLoss() {
	name, rows, n := e.begin("logitPairLoss", ", shiftX, shiftT float64, acc *[3]float64)",
		"adds Σ2^y, Σ2^τ, τ being t's y, and Σ2^τ·(τ − y), to which 2^τ = 0 adds nothing.", "x", "t")
	shiftX, shiftT := broadcast("shiftX"), broadcast("shiftT")
	partitionX, partitionT, loss := zero(), zero(), zero()
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		y := base2(e.load(at(rows[0]), mask), shiftX)
		q := e.exp2(y)
		keep(mask, q)
		VADDPD(q, partitionX, partitionX)
		tau := base2(e.load(at(rows[1]), mask), shiftT)
		p := e.exp2(tau)
		keep(mask, p)
		VADDPD(p, partitionT, partitionT)
		VSUBPD(y, tau, tau)
		keepNonZero(p, tau)
		VFMADD231PD(tau, p, loss)
	})
	acc := pointer("acc")
	sumInto(partitionX, Mem{Base: acc, Disp: slotX})
	sumInto(partitionT, Mem{Base: acc, Disp: slotT})
	sumInto(loss, Mem{Base: acc, Disp: slotLoss})
	end()
}

func (e element) expRow() {
	name, rows, n := e.begin("expRow", ", shift float64, acc *[3]float64) (signs int)",
		"sets out = 2^y and adds Σ2^y and Σt.", "x", "t", "out")
	shift := broadcast("shift")
	partition, mass, signs := zero(), zero(), zero()
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		q := e.exp2(base2(e.load(at(rows[0]), mask), shift))
		e.store(q, at(rows[2]), mask)
		keep(mask, q)
		VADDPD(q, partition, partition)
		t := e.load(at(rows[1]), mask)
		VADDPD(t, mass, mass)
		VORPD(t, signs, signs)
	})
	acc := pointer("acc")
	sumInto(partition, Mem{Base: acc, Disp: slotX})
	sumInto(mass, Mem{Base: acc, Disp: slotT})
	returnSigns(signs)
	end()
}

func (e element) combine() {
	name, rows, n := e.begin("combine", ", a, b float64)", "sets out = out·a − t·b.", "out", "t")
	a, b := broadcast("a"), broadcast("b")
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		q, t := e.load(at(rows[0]), mask), e.load(at(rows[1]), mask)
		VMULPD(b, t, t)
		VFMSUB213PD(t, a, q)
		e.store(q, at(rows[0]), mask)
	})
	end()
}

func (e element) logitPairGradient() {
	name, rows, n := e.begin("logitPairGradient", ", shiftX, shiftT, a, b float64)",
		"sets out = 2^y·a − 2^τ·b, 0 where the two products are equal.", "x", "t", "out")
	shiftX, shiftT, a, b := broadcast("shiftX"), broadcast("shiftT"), broadcast("a"), broadcast("b")
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		q := e.exp2(base2(e.load(at(rows[0]), mask), shiftX))
		p := e.exp2(base2(e.load(at(rows[1]), mask), shiftT))
		VMULPD(a, q, q)
		VMULPD(b, p, p)
		VSUBPD(p, q, q)
		e.store(q, at(rows[2]), mask)
	})
	end()
}

func (e element) targetLogitsGradient() {
	name, rows, n := e.begin("targetLogitsGradient", ", shiftX, shiftT, a, b float64)",
		"sets out = 2^τ·a·(τ − y − b), 0 where 2^τ is.", "x", "t", "out")
	shiftX, shiftT, a, b := broadcast("shiftX"), broadcast("shiftT"), broadcast("a"), broadcast("b")
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		y := base2(e.load(at(rows[0]), mask), shiftX)
		tau := base2(e.load(at(rows[1]), mask), shiftT)
		p := e.exp2(tau)
		VSUBPD(y, tau, tau)
		VSUBPD(b, tau, tau)
		keepNonZero(p, tau)
		VMULPD(a, p, p)
		VMULPD(p, tau, tau)
		e.store(tau, at(rows[2]), mask)
	})
	end()
}

func (e element) dot() {
	name, rows, n := e.begin("dot", ", acc *[3]float64)", "adds Σ x·v.", "x", "v")
	sum := zero()
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		VFMADD231PD(e.load(at(rows[0]), mask), e.load(at(rows[1]), mask), sum)
	})
	sumInto(sum, Mem{Base: pointer("acc"), Disp: slotX})
	end()
}

func (e element) centre() {
	name, rows, n := e.begin("centre", ", a, b float64)", "sets out = out·a·(v − b).", "out", "v")
	a, b := broadcast("a"), broadcast("b")
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		q, v := e.load(at(rows[0]), mask), e.load(at(rows[1]), mask)
		VSUBPD(b, v, v)
		VMULPD(a, q, q)
		VMULPD(v, q, q)
		e.store(q, at(rows[0]), mask)
	})
	end()
}

func (e element) targetProbsGradient() {
	name, rows, n := e.begin("targetProbsGradient", ", shift, a, b float64) (signs int)",
		"sets out = a·(log2 t − y) + b, 0 where t is. A subnormal t sets a sign.", "x", "t", "out")
	shift, a, b, signs := broadcast("shift"), broadcast("a"), broadcast("b"), zero()
	e.loop(name, n, rows, func(at func(reg.GPVirtual) Mem, mask *vector) {
		y := base2(e.load(at(rows[0]), mask), shift)
		t := e.load(at(rows[1]), mask)
		kept := nonZero(t)
		ratio := e.log2(t)
		VSUBPD(y, ratio, ratio)
		VFMADD213PD(b, a, ratio)
		VANDPD(kept, ratio, ratio)
		e.store(ratio, at(rows[2]), mask)
		subnormal := YMM()
		VMOVUPD(constant(0x1p-1022), subnormal)
		VCMPPD(Imm(0x1e), t, subnormal, subnormal) // greater than t
		VANDPD(kept, subnormal, subnormal)
		VORPD(t, signs, signs)
		VORPD(subnormal, signs, signs)
	})
	returnSigns(signs)
	end()
}
