package main

import (
	"fmt"
	"math"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// constant is a number in every lane, as an operand.
func (a arithmetic) constant(x float64) Op { return constants.operand(a.pattern(x), VBROADCASTSD) }

// coefficient is a constant as horner takes it, which may be 8 bytes in memory: instructions of
// AVX-512 read them to every lane, where no register is left.
func (a arithmetic) coefficient(x float64) Op {
	m := a.pattern(x)
	if v, ok := constants.keep(m, VBROADCASTSD); ok {
		return v
	}
	return m
}

func (a arithmetic) pattern(x float64) Mem {
	if a.single() {
		return twice(math.Float32bits(float32(x)))
	}
	return lanesOf(math.Float64bits(x))
}

// lowest is a constant for the smallest vectors.
func lowest(constant Op) Op {
	if v, ok := constant.(vector); ok {
		return v.AsX()
	}
	return constant
}

// pattern64 is a bit pattern in every lane of float64, pattern32 one of float32.
func pattern64(b uint64) Op { return constants.operand(lanesOf(b), VBROADCASTSD) }

func pattern32(b uint32) Op { return constants.operand(twice(b), VBROADCASTSD) }

func twice(b uint32) Mem { return lanesOf(uint64(b)<<32 | uint64(b)) }

func lanesOf(b uint64) Mem {
	return global(fmt.Sprintf("constant%016x", b), func() {
		for i := range patternSize() / 8 {
			DATA(8*i, U64(b))
		}
	})
}

// patternSize is the number of bytes of a pattern in memory: as many as a vector has where it
// is an operand there, and 8 for AVX-512.
func patternSize() int {
	if target.wide() {
		return 8
	}
	return target.size
}

// table32 is eight float32, again and again, in a register: VPERMPS takes twice as long to look them
// up in memory.
func (a arithmetic) table32(name string, entry func(k int) uint32) Op {
	return a.inRegister(constants.operand(global(name, func() {
		for k := range target.size / 4 {
			DATA(4*k, U32(entry(k%(1<<eighths))))
		}
	}), VMOVUPS))
}

var globals = map[string]Mem{}

// global is read-only memory, made once for each name.
func global(name string, fill func()) Mem {
	m, ok := globals[name]
	if !ok {
		m = GLOBL(name, RODATA|NOPTR)
		fill()
		globals[name] = m
	}
	return m
}

// pool is the constants that a function has in registers. With AVX2 there are none: they are operands
// in memory, as there are 16 registers. With AVX-512 they are all for which there are registers: loads
// of 64 bytes, of which a cycle has one or two, would take as long as the arithmetic.
type pool struct {
	function string
	most     int // of AVX-512
	kept     map[string]vector
	loads    []func()
}

var constants *pool // of the function that is written

// crowded are the functions that have registers for so many of their constants only, as the
// allocator finds.
var crowded = map[string]int{
	"keepingLoss32": 13, "logitsLoss32": 13, "jensenSums32Wide": 18, "logitsLoss32Wide": 11,
	"mixedLoss32Wide": 11, "pairExponentials32Wide": 11, "pairLoss32Wide": 11,
	"powersLoss32Wide": 16, "powersPred32Wide": 18, "powersTarget32Wide": 16, "jensenSums64": 18,
	"jensenTarget64": 20, "judgeLogits64": 16, "judgePair64": 16, "settleLogits64": 14, "settlePair64": 14, "keepingLoss64": 11,
	"keepingPair64": 11, "logPairLoss64": 16, "logPairTarget64": 16, "logProbsLoss64": 14,
	"logitsLoss64": 11, "mixedLoss64": 11, "mixedPred64": 14, "mixedTarget64": 15,
	"pairExponentials64": 11, "pairLoss64": 11, "pairPred64": 14, "powersLoss64": 12,
	"powersPred64": 18, "powersTarget64": 12, "probsLoss64": 15, "probsTarget64": 15,
	"targetProbs64": 14,
}

func newPool(function string) *pool {
	p := &pool{function: function, most: math.MaxInt, kept: map[string]vector{}}
	if most, ok := crowded[strings.TrimSuffix(function, target.suffix)]; ok {
		p.most = most
	}
	return p
}

// operand is a pattern in memory or in a register. Those of AVX-512 that no register is left
// for are loaded where they are needed, from 8 bytes: whole vectors could not be aligned to
// theirs, and across cache lines take two reads.
func (p *pool) operand(pattern Mem, load func(...Op)) Op {
	if v, ok := p.keep(pattern, load); ok {
		return v
	}
	if !target.wide() {
		return pattern
	}
	v := register()
	load(pattern, v)
	return v
}

// keep is the register of a pattern, if it has one or there is one left.
func (p *pool) keep(pattern Mem, load func(...Op)) (vector, bool) {
	if v, ok := p.kept[pattern.Symbol.Name]; ok {
		return v, true
	}
	if !target.wide() || len(p.kept) == p.most {
		return nil, false
	}
	v := register()
	p.kept[pattern.Symbol.Name] = v
	p.loads = append(p.loads, func() { load(pattern, v) })
	return v, true
}

// prefer gives constants registers of AVX-512 before those that a function names later.
func (a arithmetic) prefer(numbers ...float64) {
	for _, x := range numbers {
		a.constant(x)
	}
}

// begin and end stand at a function's two ends. The loads are behind the last, where it is
// known which they are, and the function begins with a jump there.
func (p *pool) begin() {
	if target.wide() {
		JMP(LabelRef(p.function + "_constants"))
		Label(p.function + "_begin")
	}
}

func (p *pool) end() {
	if target.wide() {
		Label(p.function + "_constants")
		for _, load := range p.loads {
			load()
		}
		JMP(LabelRef(p.function + "_begin"))
	}
}
