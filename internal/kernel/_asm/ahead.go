package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// ahead are vectors of numbers in rows' records, which lanes of float32 have before a row begins:
// to make the numbers float32 takes twenty cycles, in which nothing else of the row can be done.
// Lanes of float64 read them where it begins.
type ahead struct {
	*function
	read  func(record reg.GPVirtual, to vectors)
	count int
	found vectors // the same registers for every row
}

func (f *function) newAhead(count int, read func(record reg.GPVirtual, to vectors)) *ahead {
	a := &ahead{f, read, count, nil}
	if a.single() {
		a.found = a.ofRecord(f.record)
	}
	return a
}

// shiftsAhead are shifts.
func (f *function) shiftsAhead(slots ...int) *ahead {
	return f.newAhead(len(slots), func(record reg.GPVirtual, to vectors) {
		for i, slot := range slots {
			f.broadcastTo(Mem{Base: record, Disp: slot}, to[i])
			f.toShift(to[i])
		}
	})
}

func (a *ahead) ofRecord(record reg.GPVirtual) vectors {
	vs := make(vectors, a.count).fresh()
	a.read(record, vs)
	return vs
}

// ofRow returns the vectors of the row that begins.
func (a *ahead) ofRow() vectors {
	if !a.single() {
		return a.ofRecord(a.record)
	}
	return a.found
}

// ofNextRow returns those of the next row, for take where this one ends, and advance takes them
// where the row needs its own no more.
func (a *ahead) ofNextRow() vectors {
	if !a.single() {
		return nil
	}
	return a.ofRecord(a.nextRecord())
}

func (a *ahead) take(next vectors) {
	for i, v := range next {
		VMOVAPS(v, a.found[i])
	}
}

func (a *ahead) advance() {
	if a.single() {
		a.read(a.nextRecord(), a.found)
	}
}

// nextRecord is where the next row's record is, or the last's again: nothing is read behind it. Until
// a row ends it counts among those that are left.
func (a *ahead) nextRecord() reg.GPVirtual {
	next := GP64()
	LEAQ(a.slot(a.recordSize), next)
	CMPQ(a.rows, Imm(1))
	CMOVQEQ(a.record, next)
	return next
}
