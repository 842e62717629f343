package main

import (
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// block is instructions that run one after the other, by their numbers in the order in which they
// are written.
type block struct {
	instructions    []*ir.Instruction
	latency         []int
	behind          [][]int  // those that an instruction has to stay behind
	inputs, carried [][]int  // those whose results it reads, and reads in a loop's next turn
	reads, writes   []uint64 // sets of vectors
	liveOut         uint64   // those that are read behind the block
	vectors         map[reg.ID]uint64
}

func newBlock(is []*ir.Instruction) *block {
	n := len(is)
	b := &block{
		is, make([]int, n), make([][]int, n), make([][]int, n), make([][]int, n),
		make([]uint64, n), make([]uint64, n), 0, map[reg.ID]uint64{},
	}
	// Of each register, since it was last written.
	writer, readers := map[reg.ID]int{}, map[reg.ID][]int{}
	entering := map[reg.ID][]int{} // what reads a register before it is written
	for i, instruction := range is {
		b.latency[i] = latency(instruction)
		for _, r := range instruction.InputRegisters() {
			id := r.ID()
			if w, ok := writer[id]; ok {
				b.inputs[i] = append(b.inputs[i], w)
				b.behind[i] = append(b.behind[i], w)
			} else {
				entering[id] = append(entering[id], i)
			}
			readers[id] = append(readers[id], i)
			b.reads[i] |= b.set(r)
		}
		for _, r := range instruction.OutputRegisters() {
			id := r.ID()
			if w, ok := writer[id]; ok {
				b.behind[i] = append(b.behind[i], w)
			}
			b.behind[i] = append(b.behind[i], readers[id]...)
			writer[id], readers[id] = i, nil
			b.writes[i] |= b.set(r)
		}
		for j := range i {
			if inOrder(is[j], instruction) {
				b.behind[i] = append(b.behind[i], j)
			}
		}
		b.behind[i] = slices.DeleteFunc(b.behind[i], func(j int) bool { return j == i })
	}
	for id, all := range entering {
		if w, ok := writer[id]; ok {
			for _, i := range all {
				b.carried[i] = append(b.carried[i], w)
			}
		}
	}
	for id := range is[n-1].LiveOut {
		if id.Kind() == reg.KindVector {
			b.liveOut |= b.number(id)
		}
	}
	return b
}

func isVector(r reg.Register) bool { return r.Kind() == reg.KindVector }

// set is a register as a set, empty if it is no vector.
func (b *block) set(r reg.Register) uint64 {
	if !isVector(r) {
		return 0
	}
	return b.number(r.ID())
}

func (b *block) number(id reg.ID) uint64 {
	if b.vectors[id] == 0 {
		b.vectors[id] = 1 << len(b.vectors)
		if b.vectors[id] == 0 {
			panic("a block has more than 64 vectors")
		}
	}
	return b.vectors[id]
}

// inOrder reports whether two instructions stay in order, whatever their registers: scalar ones do,
// for the flags, and accesses to what a pointer points to of which one is a store. Where two
// pointers point nothing overlaps.
func inOrder(first, second *ir.Instruction) bool {
	if isScalar(first) && isScalar(second) {
		return true
	}
	p, stores := access(first)
	q, alsoStores := access(second)
	return p != 0 && p == q && (stores || alsoStores)
}

func isScalar(i *ir.Instruction) bool {
	return !strings.HasPrefix(i.Opcode, "V") && !isPrefetch(i)
}

func isPrefetch(i *ir.Instruction) bool { return strings.HasPrefix(i.Opcode, "PREFETCH") }

// access is the pointer through which an instruction reads or writes memory, 0 for none.
func access(i *ir.Instruction) (pointer reg.ID, stores bool) {
	if isPrefetch(i) {
		return 0, false
	}
	for _, op := range i.Operands {
		if m, ok := op.(operand.Mem); ok && m.Base != nil {
			return m.Base.ID(), slices.ContainsFunc(i.Outputs, operand.IsMem)
		}
	}
	return 0, false
}

// latency is after how many cycles there is a result: of AMD's Zen 3, of which other processors
// with AVX2 differ little.
func latency(i *ir.Instruction) int {
	for _, l := range latencies {
		if strings.HasPrefix(i.Opcode, l.opcode) {
			return l.cycles
		}
	}
	return 1
}

var latencies = []struct {
	opcode string
	cycles int
}{
	{"VMOVA", 0}, {"VMOVU", 7}, {"VMASKMOV", 7}, {"VBROADCAST", 7},
	{"VFM", 4}, {"VFNM", 4}, {"VADDP", 3}, {"VSUBP", 3}, {"VMULP", 3}, {"VCVT", 4}, {"VPERM", 6}, {"VDIV", 13},
}
