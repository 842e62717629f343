package main

import (
	"fmt"
	"math/bits"
	"math/rand/v2"
	"slices"

	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/reg"
)

// schedule is a pass of avo that puts the instructions of a function into an order in which less
// waits. Processors run ahead of what waits, but only until as many instructions do as they can
// hold, which loops of AVX2 reach: of their 16 registers none is left for a second vector a turn.
// Loops of AVX-512 take two, and stay as they are written. Only the order changes, no result.
func schedule(fn *ir.Function) error {
	if target.wide() {
		return nil
	}
	const all, few = 16, 12
	written := fn.Nodes
	for registers := all; registers > few; registers-- {
		fn.Nodes = written
		if err := analyse(fn); err != nil {
			return err
		}
		fn.Nodes = reordered(written, registers)
		if err := analyse(fn); err != nil {
			return err
		}
		// avo does not find registers for every order for which there are as many.
		if pass.AllocateRegisters(fn) == nil && inRegisters(fn, all) {
			forget(fn)
			return nil
		}
	}
	return fmt.Errorf("%s: no order of the instructions for which avo finds registers", fn.Name)
}

// analyse finds which registers are live where.
func analyse(fn *ir.Function) error {
	forget(fn)
	for _, find := range []func(*ir.Function) error{pass.LabelTarget, pass.CFG, pass.Liveness} {
		if err := find(fn); err != nil {
			return err
		}
	}
	return nil
}

// forget leaves a function as avo's own passes expect it.
func forget(fn *ir.Function) {
	fn.LabelTarget, fn.Allocation = nil, nil
	for _, i := range fn.Instructions() {
		i.Pred, i.Succ, i.LiveIn, i.LiveOut = nil, nil, nil, nil
	}
}

// inRegisters reports whether vectors have been allocated the first n registers only: avo gives
// YMM registers of AVX-512 too.
func inRegisters(fn *ir.Function, n int) bool {
	for _, i := range fn.Instructions() {
		for _, r := range i.Registers() {
			p := reg.ToPhysical(fn.Allocation.LookupRegisterDefault(r))
			if isVector(r) && int(p.PhysicalIndex()) >= n {
				return false
			}
		}
	}
	return true
}

// shortest is how many instructions a block has at least that is reordered: in the short loops,
// which wait for memory, order does not matter.
const shortest = 20

// reordered returns a function's nodes with those of its blocks in other orders.
func reordered(nodes []ir.Node, registers int) []ir.Node {
	var all []ir.Node
	for len(nodes) > 0 {
		is := leadingBlock(nodes)
		if len(is) >= shortest {
			is = newBlock(is).order(registers)
		}
		for _, i := range is {
			all = append(all, i)
		}
		if nodes = nodes[len(is):]; len(nodes) > 0 { // what ends a block
			all, nodes = append(all, nodes[0]), nodes[1:]
		}
	}
	return all
}

// leadingBlock is the instructions before the first label, comment or branch.
func leadingBlock(nodes []ir.Node) []*ir.Instruction {
	var is []*ir.Instruction
	for _, node := range nodes {
		i, ok := node.(*ir.Instruction)
		if !ok || i.IsBranch || i.IsTerminal {
			break
		}
		is = append(is, i)
	}
	return is
}

// order looks for an order that costs little: it moves one instruction after the other to another
// place and leaves it there unless that costs more, in the beginning much more, than before.
func (b *block) order(registers int) []*ir.Instruction {
	const moves, allowance = 5000, 20
	n := len(b.instructions)
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	cost := b.cost(order, registers)
	best, least := slices.Clone(order), cost
	random := rand.New(rand.NewPCG(1, 2)) // the same in every run
	for k := range moves {
		from := random.IntN(n)
		first, last := b.places(order, from)
		to := first + random.IntN(last-first+1)
		move(order, from, to)
		moved := b.cost(order, registers)
		if moved > cost+n*allowance*(moves-k)/moves {
			move(order, to, from)
			continue
		}
		if cost = moved; cost < least {
			least = cost
			copy(best, order)
		}
	}
	is := make([]*ir.Instruction, n)
	for place, i := range best {
		is[place] = b.instructions[i]
	}
	return is
}

// places is where in an order the instruction of a place could be.
func (b *block) places(order []int, place int) (first, last int) {
	first, last = 0, len(order)-1
	for p := range order {
		switch {
		case p < place && slices.Contains(b.behind[order[place]], order[p]):
			first = p + 1
		case p > place && p <= last && slices.Contains(b.behind[order[p]], order[place]):
			last = p - 1
		}
	}
	return first, last
}

func move(order []int, from, to int) {
	i := order[from]
	if from < to {
		copy(order[from:], order[from+1:to+1])
	} else {
		copy(order[to+1:from+1], order[to:from])
	}
	order[to] = i
}

// A processor takes five instructions in two cycles, in the units of cost.
const (
	cycle       = 5
	instruction = 2
)

// cost is how long instructions wait in a loop's third turn, all together and, as often, the one that
// waits longest: those behind it keep what they hold until it is done. A vector too many for the
// registers costs more than all that.
func (b *block) cost(order []int, registers int) int {
	const turns, tooMany = 3, 1 << 16
	n := len(order)
	ready, before := make([]int, n), make([]int, n) // by instruction, in a turn and the one before
	sum, longest := 0, 0
	for turn := range turns {
		ready, before = before, ready
		sum, longest = 0, 0
		for place, i := range order {
			taken := (turn*n + place) * instruction
			start := taken
			for _, j := range b.inputs[i] {
				start = max(start, ready[j])
			}
			if turn > 0 {
				for _, j := range b.carried[i] {
					start = max(start, before[j])
				}
			}
			ready[i] = start + cycle*b.latency[i]
			sum += start - taken
			longest = max(longest, ready[i]-taken)
		}
	}
	cost, live := sum+n*longest, b.liveOut
	for place := n - 1; place >= 0; place-- {
		i := order[place]
		cost += tooMany * max(0, bits.OnesCount64(live|b.writes[i])-registers)
		live = live&^b.writes[i] | b.reads[i]
	}
	return cost + tooMany*max(0, bits.OnesCount64(live)-registers)
}
