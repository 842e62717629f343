package main

import (
	"math"
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// What judge is told, by index.
const (
	minRatio = iota
	perPartition
	minMass
	maxFall
	maxShift
	mostReach
	leastGradient
)

// judge writes a kernel of rows' records, as many rows at a time as a vector has lanes. It
// computes as judge.go of internal/kernel does, operation by operation: not a bit is another.
func (a arithmetic) judge(name, doc string, pair bool) {
	f := &function{arithmetic: a}
	f.declare(name, doc, "func(sums *[8]float64, rows int, told *[7]float64, losses, verdicts *float64)")
	losses, verdicts := pointer("losses"), pointer("verdicts")
	f.eachVerdict(pair, func(v verdict) {
		VMOVUPD(v.loss, Mem{Base: losses})
		f.storeVerdicts(Mem{Base: verdicts}, v.sound, v.accurate)
		ADDQ(Imm(uint64(target.size)), losses)
		ADDQ(Imm(uint64(target.size)), verdicts)
	})
	f.leave()
}

// Arrays of internal/kernel's settlement, by index.
const (
	ofFactors = iota
	ofLosses
	ofSettled
	ofPred
	ofTarget
	ofVerdicts
)

// settlementLength is how many numbers each has.
const settlementLength = 264

// settle writes a kernel that judges, and settles losses and their gradients' factors.
func (a arithmetic) settle(name, doc string, pair bool) {
	f := &function{arithmetic: a}
	f.declare(name, doc, "func(sums *[8]float64, rows int, told *[7]float64, s *[6][264]float64) (unsettled int)")
	arrays, left := pointer("s"), pointer("rows")
	array := func(i int) Mem { return Mem{Base: arrays, Disp: 8 * settlementLength * i} }
	unsettled := GP64()
	XORQ(unsettled, unsettled)
	f.eachVerdict(pair, func(v verdict) {
		VMOVUPD(v.loss, array(ofLosses))
		g, a, b, other := register(), register(), register(), register()
		VMOVUPD(array(ofFactors), g)
		VMULPD(v.loss, g, v.loss)
		VMOVUPD(v.loss, array(ofSettled))
		settled := v.loss // all that is to be
		VSUBPD(g, g, settled)
		f.cmp(Imm(equal), zero(), settled, settled)
		VANDPD(v.accurate, settled, settled)
		if pair {
			VDIVPD(v.sums[slotPartition/8], g, a)
			VDIVPD(v.sums[slotMass/8], g, b)
			f.cmp(Imm(atLeast), v.limit(leastGradient), v.sums[slotRatio/8], other)
			VANDPD(other, settled, settled)
		} else {
			VMULPD(v.sums[slotMass/8], g, a)
			VDIVPD(v.sums[slotPartition/8], a, a)
			VMOVAPD(g, b)
		}
		VMOVUPD(a, array(ofPred))
		VMOVUPD(b, array(ofTarget))
		for _, slot := range []int{slotReach, slotReach + 8} {
			f.cmp(Imm(atMost), v.limit(mostReach), v.sums[slot/8], other)
			VANDPD(other, settled, settled)
		}
		for _, factor := range []vector{a, b} {
			f.nearOne(factor)
			VANDPD(factor, settled, settled)
		}
		rows := f.firstLanes(left)
		VANDNPD(rows, settled, rows)
		ORQ(f.signs(rows), unsettled)
		f.storeVerdicts(array(ofVerdicts), v.sound, v.accurate, settled)
		ADDQ(Imm(uint64(target.size)), arrays)
		SUBQ(Imm(uint64(f.lanes())), left)
	})
	Store(unsettled, ReturnIndex(0))
	f.leave()
}

// storeVerdicts stores how many of some masks are set.
func (f *function) storeVerdicts(m Mem, masks ...vector) {
	for _, mask := range masks {
		VANDPD(f.constant(1), mask, mask)
	}
	for _, mask := range masks[1:] {
		VADDPD(mask, masks[0], masks[0])
	}
	VMOVUPD(masks[0], m)
}

// nearOne makes of v a mask of what nearOne of internal/kernel reports.
func (f *function) nearOne(v vector) {
	const least, most = 0x1p-100, 0x1p100 - 0x1p47
	none, small := register(), register()
	f.absolute(v)
	f.cmp(Imm(equal), zero(), v, none)
	f.cmp(Imm(atLeast), f.constant(least), v, small)
	f.cmp(Imm(atMost), f.constant(most), v, v)
	VANDPD(small, v, v)
	VORPD(none, v, v)
}

// firstLanes is a mask of as many lanes as n says, all of them where it is more.
func (f *function) firstLanes(n reg.GPVirtual) vector {
	count, mask := XMM(), register()
	VMOVQ(n, count)
	VPBROADCASTQ(count, mask)
	greater(mask, laneNumbers(), mask)
	return mask
}

func laneNumbers() Op {
	return constants.operand(global("laneNumbers", func() {
		for i := range target.size / 8 {
			DATA(8*i, U64(uint64(i)))
		}
	}), VMOVUPD)
}

// verdict is what is known of as many rows as a vector has lanes.
type verdict struct {
	sums            []vector // by index
	loss            vector
	sound, accurate vector
	limit           func(i int) vector
}

// eachVerdict reaches verdicts on all rows.
func (f *function) eachVerdict(pair bool, deliver func(v verdict)) {
	f.record, f.rows = pointer("sums"), pointer("rows")
	told := pointer("told")
	constants.begin()
	limit := func(i int) vector { return f.broadcast(Mem{Base: told, Disp: 8 * i}) }
	last := GP64()
	MOVQ(f.rows, last)
	SHLQ(Imm(uint64(bits.TrailingZeros(sumsSize))), last)
	LEAQ(Mem{Base: f.record, Index: last, Scale: 1, Disp: -sumsSize}, last)

	Label(f.name + "_rows")
	r := f.loadRecords(last)
	loss, logPartition := register(), register()
	if pair {
		VDIVPD(r[slotMass/8], r[slotPartition/8], logPartition)
		f.naturalLogarithm(logPartition)
		VMULPD(f.constant(math.Ln2), r[slotRatio/8], loss)
		VDIVPD(r[slotMass/8], loss, loss)
		VADDPD(logPartition, loss, loss)
		VMOVUPD(loss, r[slotRatio/8])
	} else {
		VMOVUPD(r[slotPartition/8], logPartition)
		f.naturalLogarithm(logPartition)
		VMULPD(f.constant(math.Ln2), r[slotRatio/8], loss)
		of := register()
		VMULPD(r[slotMass/8], logPartition, of)
		VADDPD(of, loss, loss)
	}
	kept := register()
	VMOVUPD(loss, kept)

	// Sound: all finite, no flags, and in range.
	sound, other := register(), register()
	VSUBPD(r[slotPartition/8], r[slotPartition/8], sound)
	for _, slot := range []int{slotMass, slotRatio} {
		VSUBPD(r[slot/8], r[slot/8], other)
		VADDPD(other, sound, sound)
	}
	VORPD(r[slotFlags/8], sound, sound)
	f.cmp(Imm(equal), zero(), sound, sound)
	within := func(v vector, limit vector) {
		f.cmp(Imm(atMost), limit, v, other)
		VANDPD(other, sound, sound)
	}
	within(r[slotReach/8], limit(maxFall))
	within(r[slotReach/8+1], limit(maxFall))
	for _, slot := range []int{slotShiftX, slotShiftT} {
		f.absolute(r[slot/8])
		within(r[slot/8], limit(maxShift))
	}
	massless := register()
	f.cmp(Imm(equal), zero(), r[slotMass/8], massless)
	f.cmp(Imm(atLeast), limit(minMass), r[slotMass/8], other)
	VORPD(massless, other, other)
	VANDPD(other, sound, sound)

	// Accurate: the loss is large beside what rounds.
	f.absolute(loss)
	f.absolute(logPartition)
	VMULPD(limit(perPartition), logPartition, logPartition)
	VADDPD(limit(minRatio), logPartition, logPartition)
	if !pair {
		VMULPD(r[slotMass/8], logPartition, logPartition)
	}
	f.cmp(Imm(atLeast), logPartition, loss, other)
	VANDPD(sound, other, other)
	deliver(verdict{r, kept, sound, other, limit})

	ADDQ(U32(uint32(f.lanes()*sumsSize)), f.record)
	CMPQ(f.record, last)
	JLE(LabelRef(f.name + "_rows"))
}

// loadRecords reads as many records as there are lanes, the last again where there are no
// more, and returns their eight numbers by index.
func (f *function) loadRecords(last reg.GPVirtual) []vector {
	at := func(i int) reg.GPVirtual {
		p := GP64()
		LEAQ(f.slot(i*sumsSize), p)
		CMPQ(p, last)
		CMOVQGT(last, p)
		return p
	}
	if target.wide() {
		return transpose8(at)
	}
	four := []reg.GPVirtual{at(0), at(1), at(2), at(3)}
	low, high := transpose4(four, 0), transpose4(four, target.size)
	return append(low, high...)
}

// transpose4 turns four vectors of four around.
func transpose4(at []reg.GPVirtual, offset int) []vector {
	var pairs, turned []vector
	for i := 0; i < 4; i += 2 {
		v, even, odd := register(), register(), register()
		VMOVUPD(Mem{Base: at[i], Disp: offset}, v)
		VUNPCKLPD(Mem{Base: at[i+1], Disp: offset}, v, even)
		VUNPCKHPD(Mem{Base: at[i+1], Disp: offset}, v, odd)
		pairs = append(pairs, even, odd)
	}
	for _, halves := range []uint64{0x20, 0x31} {
		for k := range 2 {
			v := register()
			VPERM2F128(Imm(halves), pairs[2+k], pairs[k], v)
			turned = append(turned, v)
		}
	}
	return turned
}

// transpose8 turns eight vectors of eight around.
func transpose8(at func(i int) reg.GPVirtual) []vector {
	var pairs [2][]vector // of even and of odd numbers, by rows
	for i := 0; i < 8; i += 2 {
		v, even, odd := register(), register(), register()
		VMOVUPD(Mem{Base: at(i)}, v)
		next := Mem{Base: at(i + 1)}
		VUNPCKLPD(next, v, even)
		VUNPCKHPD(next, v, odd)
		pairs[0], pairs[1] = append(pairs[0], even), append(pairs[1], odd)
	}
	const evenQuarters, oddQuarters = 0x88, 0xdd
	turned := make([]vector, 8)
	for parity, p := range pairs {
		for first, quarters := range []uint64{evenQuarters, oddQuarters} {
			low, high := register(), register()
			VSHUFF64X2(Imm(quarters), p[1], p[0], low)
			VSHUFF64X2(Imm(quarters), p[3], p[2], high)
			for second, quarters := range []uint64{evenQuarters, oddQuarters} {
				v := register()
				VSHUFF64X2(Imm(quarters), high, low, v)
				turned[parity+2*first+4*second] = v
			}
		}
	}
	return turned
}

// absolute clears signs.
func (a arithmetic) absolute(v vector) { a.and(pattern64(1<<63-1), v, v) }

// logarithms writes a kernel of numbers, as many at a time as a vector has lanes: where there
// are no more it reads and writes what is behind the last.
func (a arithmetic) logarithms() {
	f := &function{arithmetic: a}
	f.declare("logarithms", "puts the logarithms of numbers in their places.", "func(x *float64, n int)")
	x, n := pointer("x"), pointer("n")
	constants.begin()
	Label(f.name + "_numbers")
	v := register()
	VMOVUPD(Mem{Base: x}, v)
	f.naturalLogarithm(v)
	VMOVUPD(v, Mem{Base: x})
	ADDQ(Imm(uint64(target.size)), x)
	SUBQ(Imm(uint64(a.lanes())), n)
	JG(LabelRef(f.name + "_numbers"))
	f.leave()
}

// naturalLogarithm puts log v in the place of v, as logSum of internal/kernel has it.
func (f *function) naturalLogarithm(v vector) {
	c := carried{}
	f.splitLogarithm(vectors{v}, c)
	s, z, z2, z4, p, q, r := c["mantissa"][0], register(), register(), register(), register(), register(), register()
	VMULPD(s, s, z)
	VMULPD(z, z, z2)
	VMULPD(z2, z2, z4)
	linear := func(a, b float64, to vector) { // 1/a + z/b
		VMULPD(f.constant(1/b), z, to)
		VADDPD(f.constant(1/a), to, to)
	}
	timesAndPlus := func(by, sum, to vector) {
		VMULPD(by, to, to)
		VADDPD(to, sum, to)
	}
	linear(1, 3, p)
	linear(5, 7, q)
	timesAndPlus(z2, p, q)
	linear(9, 11, p)
	timesAndPlus(z4, q, p) // the first six terms
	linear(13, 15, q)
	VMULPD(z2, q, q)
	linear(17, 19, r)
	VMULPD(f.constant(1.0/21), z2, z)
	VADDPD(z, r, r)
	timesAndPlus(z4, q, r)
	timesAndPlus(z4, p, r)
	VMULPD(s, r, r)
	VMULPD(f.constant(2*math.Log2E), r, r)
	VADDPD(c["rest"][0], r, r)
	VMULPD(f.constant(math.Ln2), r, v)
}
