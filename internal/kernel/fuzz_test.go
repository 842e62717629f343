package kernel

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"testing"
)

// fuzzed is a problem made from a fuzzer's bytes.
type fuzzed[F Float] struct {
	pair          formPair
	problem       Problem
	x, t, g, v    []F // row-major, g as the upstream gradient of every element
	in            *Operands[F]
	rows, between int // between the classes of a row there are so many elements
}

// fuzzedUpstreams are far from 1 too: kernels fold them into other factors.
var fuzzedUpstreams = []float64{1, -0.5, 3, 0, 0x1p-60, -0x1p40}

func newFuzzed[F Float](mode, shape uint16, narrow uint64, data []byte) fuzzed[F] {
	pick := func(n int) int {
		k := int(mode) % n
		mode /= uint16(n)
		return k
	}
	pairs := formPairs(0, 1e-12, 0.25)
	c := fuzzed[F]{pair: pairs[pick(len(pairs))]}
	elementwise, axis := pick(2) == 1, 2-pick(3)
	sizes := []int{1 + int(shape)%3, 1 + int(shape/3)%3, 1 + int(shape/9)%40}
	c.problem = newProblem(c.pair, sizes, axis, elementwise)
	c.rows, c.between = size(sizes)/sizes[axis], RowMajor(sizes)[axis]

	b := patterns{data: data, narrow: narrow}
	fill := func(form Form) []F {
		x := make([]F, size(sizes))
		for i := range x {
			x[i] = next[F](&b, form)
		}
		return x
	}
	c.x, c.t, c.v = fill(c.pair.pred), fill(c.pair.target), fill(Logits)
	upstream := make([]F, c.problem.OutSize)
	for i := range upstream {
		upstream[i] = F(fuzzedUpstreams[int(b.byte())%len(fuzzedUpstreams)])
	}
	walk(sizes, c.problem.OutStrides, func(offset int) { c.g = append(c.g, upstream[offset]) })
	c.in = &Operands[F]{Upstream: View[F]{upstream, c.problem.OutStrides}}
	_, c.in.Pred = place(layouts[pick(len(layouts))], c.x, sizes)
	_, c.in.Target = place(layouts[pick(len(layouts))], c.t, sizes)
	_, c.in.Tangent = place(layouts[0], c.v, sizes)
	if pick(4) == 3 && c.pair.epsilon == 0 {
		c.problem.Family, c.problem.Beta = JensenShannon, []float64{0.1, 0.5, 0.9}[pick(3)]
	}
	return c
}

// row is one row of a tensor that has pred's shape.
func (c fuzzed[F]) row(of []F, number int) []F {
	classes := c.problem.classes()
	first := number/c.between*c.between*classes + number%c.between
	out := make([]F, classes)
	for i := range out {
		out[i] = of[first+i*c.between]
	}
	return out
}

// result is what a row has in a result: its classes, or its one output.
func (c fuzzed[F]) result(of []F, number int) []F {
	if len(of) == len(c.x) && c.rows < len(c.x) {
		return c.row(of, number)
	}
	return of[number : number+1]
}

func addSeeds(f *testing.F) {
	pattern := func(values ...float64) (data []byte) {
		for _, v := range values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		}
		return data
	}
	wide := func(values ...float64) (data []byte) {
		for _, v := range values {
			data = binary.LittleEndian.AppendUint64(data, math.Float64bits(v))
		}
		return data
	}
	const vector = 9*5 + 2 // three rows of six classes
	for pair := range uint16(len(formPairs(0, 1e-12, 0.25))) {
		for _, single := range []bool{true, false} {
			f.Add(single, pair, uint16(vector), uint64(0), pattern(0.5, 1, -1, 0.25, 0.25, 0.5))
			f.Add(single, pair, uint16(9), uint64(0), pattern(minusZero, 1, 0.5, 0.5))
			f.Add(single, pair, uint16(9), uint64(0), wide(minusZero, 1, 0.5, 0.5))
			f.Add(single, pair, uint16(9*39), ^uint64(0), wide(logits(newRand(1), 70, 1)...))
			f.Add(single, pair, uint16(vector), ^uint64(0), pattern(math.NaN(), 1, math.Inf(1), minusZero, 1e-40, 1, math.Inf(-1)))
			f.Add(single, pair+30, uint16(9*8), ^uint64(3), pattern(1e30, -1e30, 0, 1e-45, -1e-45, 2))
			f.Add(single, pair+15+30*7, uint16(vector+3), ^uint64(0xf0), wide(5e-324, 1, 3e-310, 0.25, -1e300))
		}
	}
}

// FuzzKernels gives the kernels any bit patterns, NaN with payloads, infinities,
// subnormals and −0 among them, in every pair of forms and layout, and holds them to the
// portable path: NaN and infinities in the same places, numbers near each other for the
// size of a row's terms.
func FuzzKernels(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, single bool, mode, shape uint16, narrow uint64, data []byte) {
		if single {
			newFuzzed[float32](mode, shape, narrow, data).holdToPortable(t)
		} else {
			newFuzzed[float64](mode, shape, narrow, data).holdToPortable(t)
		}
	})
}

func (c fuzzed[F]) holdToPortable(t *testing.T) {
	portable := *c.in
	portable.kinds = []*rowKernels[F]{}
	for _, f := range functions[F]() {
		want := f.call(c.problem, &portable)
		for _, set := range kernelSets[F]() {
			c.in.kinds = set.kinds
			got := f.call(c.problem, c.in)
			for r := range c.rows {
				compareRows(t, fmt.Sprintf("%T %v %s %s row %d", c, c.pair, set.name, f.name, r), c.result(got, r), c.result(want, r), c.scale(r))
			}
		}
	}
	for _, set := range kernelSets[F]() {
		c.in.kinds = set.kinds
		if c.problem.Family == KL && !slices.Equal(bits(Loss(c.problem, c.in)), bits(Loss(c.problem, noted(c.problem, c.in)))) {
			t.Errorf("%v: another loss with statistics, %s", c.pair, set.name)
		}
		for side, got := range ahead(c.problem, c.in, sides[:]...) {
			equalBits(t, fmt.Sprintf("%v ∂%v ahead, %s", c.pair, sides[side], set.name), got, VJP(c.problem, sides[side], noted(c.problem, c.in)))
		}
	}
}

// scale is the size of what row r is computed from.
func (c fuzzed[F]) scale(r int) float64 {
	scale := 1.0
	for _, row := range [][]F{c.row(c.x, r), c.row(c.t, r), c.row(c.v, r), c.row(c.g, r)} {
		scale *= 1 + size1(row)
	}
	if c.pair.target == LogProbs {
		scale *= 1 + size1(powers(c.row(c.t, r)))
	}
	return scale
}

// powers are a row's exponentials.
func powers[F Float](row []F) []F {
	out := make([]F, len(row))
	for i, x := range row {
		out[i] = F(math.Exp(float64(x)))
	}
	return out
}

// size1 is the sum of a row's magnitudes, as far as they are finite.
func size1[F Float](row []F) float64 {
	sum := 0.0
	for _, x := range row {
		if x-x == 0 {
			sum += math.Abs(float64(x))
		}
	}
	return sum
}

func compareRows[F Float](t *testing.T, name string, got, want []F, scale float64) {
	for i, w := range want {
		g, w := float64(got[i]), float64(w)
		tolerance := 0x1p-14 * (scale + math.Abs(w))
		switch {
		case g != g && w != w:
		case math.IsInf(float64(F(tolerance)), 1) && (!math.IsInf(w, 0) || math.IsInf(g, 0)): // terms overflow, to either side
		case !near(g, w, tolerance):
			t.Errorf("%s: class %d is %v, %v on the portable path", name, i, g, w)
		}
	}
}

// FuzzDefinition gives the loss and both gradients any bit patterns, as FuzzKernels
// does, and holds every path to the definition with the bounds of TestAccuracy.
func FuzzDefinition(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, single bool, mode, shape uint16, narrow uint64, data []byte) {
		if single {
			newFuzzed[float32](mode, shape, narrow, data).holdToDefinition(t)
		} else {
			newFuzzed[float64](mode, shape, narrow, data).holdToDefinition(t)
		}
	})
}

func (c fuzzed[F]) holdToDefinition(t *testing.T) {
	epsilon, _ := epsilonOf[F]()
	c.problem.Family = KL
	truth := make([]bounded, c.rows)
	for r := range truth {
		m := newDefinition(c.pair, float64s(c.row(c.g, r)), float64s(c.row(c.x, r)), float64s(c.row(c.t, r)))
		truth[r] = m.bounded(epsilon, c.problem.elementwise())
	}
	for path, kinds := range paths[F]() {
		c.in.kinds = kinds
		for _, in := range []*Operands[F]{c.in, noted(c.problem, c.in)} {
			loss, pred, target := Loss(c.problem, in), VJP(c.problem, Pred, in), VJP(c.problem, Target, in)
			for r, want := range truth {
				name := fmt.Sprintf("%T %v on path %s, row %d:", c, c.pair, path, r)
				agreeWithin(t, name+" loss", c.result(loss, r), want.loss, want.lossError)
				agreeWithin(t, name+" ∂pred", c.row(pred, r), want.gradient[Pred], want.gradientError[Pred])
				agreeWithin(t, name+" ∂target", c.row(target, r), want.gradient[Target], want.gradientError[Target])
				if t.Failed() {
					t.Fatalf("pred %v\ntarget %v\nupstream %v", c.row(c.x, r), c.row(c.t, r), c.row(c.g, r))
				}
			}
		}
	}
}

// agreeWithin fails unless got is within a tolerance of want, and NaN and infinite where
// want is. A number too large for F is an infinity; nothing is asked where the tolerance
// is infinite, as terms overflow.
func agreeWithin[F Float](t *testing.T, name string, got []F, want, tolerance []float64) {
	t.Helper()
	_, underflow := epsilonOf[F]()
	underflow = max(4*math.SmallestNonzeroFloat64, min(underflow, 2*math.SmallestNonzeroFloat32))
	for i, w := range want {
		g := float64(got[i])
		switch {
		case math.IsNaN(w) && math.IsNaN(g), math.IsInf(tolerance[i], 1) && !math.IsInf(w, 0):
		case near(g, w, tolerance[i]+underflow), near(g, float64(F(w)), tolerance[i]):
		default:
			t.Errorf("%s[%d] = %g, want %g ± %g", name, i, g, w, tolerance[i])
		}
	}
}
