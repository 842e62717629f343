package main

import (
	"math/bits"
	"slices"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Offsets in a row's sums.
const (
	slotShiftX    = 0
	slotShiftT    = 8
	slotReach     = 16
	slotPartition = 32
	slotMass      = 40
	slotRatio     = 48
	slotFlags     = 56
	sumsSize      = 64
)

// Offsets in a row's coefficients.
const (
	slotCShiftX      = 0
	slotCShiftT      = 8
	slotA            = 16
	slotB            = 24
	slotCFlags       = 32
	coefficientsSize = 40
)

// Offsets in a row's coefficients of a mixture, behind the others.
const (
	slotOfX      = 40
	slotOfT      = 48
	slotBetween  = 56
	slotWeight   = 64
	slotRest     = 72
	mixturesSize = 80
)

// function is a kernel while it is written. It runs over rows that follow each
// other in memory, and on each over its classes.
type function struct {
	arithmetic
	name          string
	rows, classes reg.GPVirtual
	tensors       []reg.GPVirtual // where the loops are
	record        reg.GPVirtual   // of this row: sums or coefficients
	recordSize    int
	toNextCall    reg.GPVirtual // bytes from a row to the row of its number in the next call

	readAgain, streams []reg.GPVirtual // tensors, see prefetch
}

// begin declares a kernel of tensors and a record a row.
func (a arithmetic) begin(name, doc string, record string, tensors ...string) *function {
	f := &function{arithmetic: a}
	signature := "func(" + strings.Join(tensors, ", ") + " *" + a.typ + ", rows, classes int, "
	switch record {
	case "sums":
		signature, f.recordSize = signature+"sums *[8]float64)", sumsSize
	case "shift":
		signature, f.recordSize = signature+"shift *float64)", sumsSize
	case "coefficients":
		signature, f.recordSize = signature+"coefficients *[5]float64)", coefficientsSize
	case "mixtures":
		signature, f.recordSize = signature+"mixtures *[10]float64)", mixturesSize
	case "a":
		signature, f.recordSize = signature+"a, b *float64)", 8
	}
	f.declare(name, doc, signature)
	for _, tensor := range tensors {
		f.tensors = append(f.tensors, pointer(tensor))
	}
	f.rows, f.classes, f.record = pointer("rows"), pointer("classes"), pointer(record)
	constants.begin()
	return f
}

// beginGradient declares a kernel of two inputs that writes a result, which is fetched.
func (a arithmetic) beginGradient(name, doc, record string) *function {
	f := a.begin(name, doc, record, "x", "t", "out")
	f.prefetch(nil, f.tensors[2:])
	return f
}

// declare starts the text of a function, and leave ends it.
func (f *function) declare(name, doc, signature string) {
	f.name = name + f.suffix + target.suffix
	constants = newPool(f.name)
	TEXT(f.name, NOSPLIT, signature)
	Pragma("noescape")
	Doc(f.name + " " + doc)
}

func (f *function) leave() {
	VZEROUPPER()
	RET()
	constants.end()
}

// eachRow emits body for every row, and the end of the function.
func (f *function) eachRow(body func()) {
	Label(f.name + "_row")
	body()
	for _, p := range f.tensors {
		LEAQ(Mem{Base: p, Index: f.classes, Scale: uint8(f.size)}, p)
	}
	ADDQ(Imm(uint64(f.recordSize)), f.record)
	DECQ(f.rows)
	JNZ(LabelRef(f.name + "_row"))
	f.leave()
}

// fromRecord is how far a parameter points beyond the record.
func (f *function) fromRecord(parameter string) reg.GPVirtual {
	distance := pointer(parameter)
	SUBQ(f.record, distance)
	return distance
}

func (f *function) slot(offset int) Mem { return Mem{Base: f.record, Disp: offset} }

// turn is what a loop works on at a time: some vectors of each tensor, the last of a
// row under a mask.
type turn struct {
	*function
	tensors []reg.GPVirtual
	offset  reg.GPVirtual // in bytes, the same in all tensors
	first   int           // vector, counted from there
	vectors int
	mask    *vector
}

func (t turn) at(tensor, vector int) Mem {
	return Mem{Base: t.tensors[tensor], Index: t.offset, Scale: 1, Disp: (t.first + vector) * t.step()}
}

func (t turn) load(tensor int) vectors {
	return t.loadInto(make(vectors, t.vectors).fresh(), tensor)
}

func (t turn) loadInto(vs vectors, tensor int) vectors {
	for u, v := range vs {
		t.function.load(t.at(tensor, u), t.mask, v)
	}
	return vs
}

func (t turn) store(vs vectors, tensor int) {
	for u, v := range vs {
		t.function.store(v, t.at(tensor, u), t.mask)
	}
}

// storedScale is what exponentials are multiplied by where they are stored as float32
// from lanes of float64, so that those of subnormal probabilities keep their bits.
const storedScale = 1 << 32

// storeExponentials stores numbers from 0 to about 1.
func (t turn) storeExponentials(vs vectors, tensor int) {
	if t.size == t.lane {
		t.store(vs, tensor)
		return
	}
	scaled := vs.fresh()
	for u, v := range vs {
		t.mul(t.constant(storedScale), v, scaled[u])
	}
	t.store(scaled, tensor)
}

// keep clears the lanes past the row's end.
func (t turn) keep(vs vectors) {
	if t.mask != nil {
		vs.each(func(v vector) { VANDPD(*t.mask, v, v) })
	}
}

// carried are the vectors that the first half of a turn leaves to the second, by name.
type carried map[string]vectors

// registers returns the n that have the name, the same in every turn.
func (c carried) registers(name string, n int) vectors {
	if c[name] == nil {
		c[name] = make(vectors, n).fresh()
	}
	return c[name]
}

// loop runs body over the classes behind each of the tensors, unroll vectors at a time,
// then one at a time, and once under a mask for what is left.
func (f *function) loop(label string, tensors []reg.GPVirtual, unroll int, s *sums, body func(t turn)) {
	f.run(label, tensors, unroll, s, nil, func(t turn, _ carried) { body(t) })
}

// pipeline is loop with a body of two halves. The second half of a turn stands before
// the first half of the next: the machine looks only so many instructions ahead, and
// those of a single turn spend most of their time there waiting for each other.
func (f *function) pipeline(label string, unroll int, s *sums, front, back func(t turn, c carried)) {
	f.run(label, f.tensors, unroll, s, front, back)
}

// prefetch lets the loops fetch what would wait for memory. Of tensors that a pass for the
// largest elements reads first, and these loops again, it is the rows of the next call: as many
// as this one has, behind them in memory, which they are nearly always. Of streams, which only
// these loops read or write, it is what is a page ahead, where the machine does not look: above
// all of results, which are in memory that nobody has touched for long.
func (f *function) prefetch(readAgain, streams []reg.GPVirtual) {
	f.readAgain, f.streams = readAgain, streams
	if len(readAgain) == 0 {
		return
	}
	f.toNextCall = GP64()
	MOVQ(f.classes, f.toNextCall)
	IMULQ(f.rows, f.toNextCall)
	SHLQ(Imm(uint64(bits.TrailingZeros(uint(f.size)))), f.toNextCall)
}

// fetches returns what emits the fetching of as many bytes as a turn reads of each.
func (f *function) fetches(tensors []reg.GPVirtual, offset reg.GPVirtual, turn int) func() {
	const cacheLine, page = 64, 4096
	var from []Mem
	for _, tensor := range tensors {
		switch {
		case slices.Contains(f.readAgain, tensor):
			row := GP64()
			LEAQ(Mem{Base: tensor, Index: f.toNextCall, Scale: 1}, row)
			from = append(from, Mem{Base: row, Index: offset, Scale: 1})
		case slices.Contains(f.streams, tensor):
			from = append(from, Mem{Base: tensor, Index: offset, Scale: 1, Disp: page})
		}
	}
	return func() {
		for _, m := range from {
			for line := 0; line < turn; line += cacheLine {
				PREFETCHT0(m.Offset(line))
			}
		}
	}
}

func (f *function) run(label string, tensors []reg.GPVirtual, unroll int, s *sums, front, back func(t turn, c carried)) {
	label = f.name + "_" + label
	lanes, step := f.lanes(), f.step()
	left, offset := GP64(), GP64()
	MOVQ(f.classes, left)
	XORQ(offset, offset)
	var until reg.GPVirtual
	if s != nil {
		until = GP64()
		MOVQ(U32(uint32(s.terms/unroll)), until)
	}
	SUBQ(Imm(uint64(unroll*lanes)), left)
	JL(LabelRef(label + "_few"))
	fetch := f.fetches(tensors, offset, unroll*step)
	now, next, c := turn{f, tensors, offset, 0, unroll, nil}, turn{f, tensors, offset, unroll, unroll, nil}, carried{}
	if front != nil {
		front(now, c)
		SUBQ(Imm(uint64(unroll*lanes)), left)
		JL(LabelRef(label + "_last"))
	}
	Label(label)
	fetch()
	back(now, c)
	if front != nil {
		front(next, c)
	}
	ADDQ(Imm(uint64(unroll*step)), offset)
	if s != nil {
		DECQ(until)
		JNZ(LabelRef(label + "_on"))
		s.flush()
		MOVQ(U32(uint32(s.terms/unroll)), until)
		Label(label + "_on")
	}
	SUBQ(Imm(uint64(unroll*lanes)), left)
	JGE(LabelRef(label))
	if front != nil {
		Label(label + "_last")
		back(now, c)
		ADDQ(Imm(uint64(unroll*step)), offset)
	}
	if s != nil && s.compensated {
		s.flush() // the lanes have as many terms as they may, and what is left adds some
	}
	Label(label + "_few")
	ADDQ(Imm(uint64(unroll*lanes)), left)
	single := func(t turn) {
		c := carried{}
		if front != nil {
			front(t, c)
		}
		back(t, c)
	}
	if unroll > 1 {
		Label(label + "_one")
		CMPQ(left, Imm(uint64(lanes)))
		JL(LabelRef(label + "_tail"))
		single(turn{f, tensors, offset, 0, 1, nil})
		ADDQ(Imm(uint64(step)), offset)
		SUBQ(Imm(uint64(lanes)), left)
		JMP(LabelRef(label + "_one"))
		Label(label + "_tail")
	}
	TESTQ(left, left)
	JZ(LabelRef(label + "_done"))
	mask := f.tailMask(left)
	single(turn{f, tensors, offset, 0, 1, &mask})
	Label(label + "_done")
}
