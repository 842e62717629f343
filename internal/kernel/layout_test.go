package kernel

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// layout is a way to lay a tensor out in memory.
type layout struct {
	name  string
	order []int // axes from the fastest to the slowest
	step  int   // distance of neighbours on the fastest axis
	gap   int   // unused entries at the end of every axis
}

var layouts = []layout{
	{"row-major", []int{2, 1, 0}, 1, 0},
	{"column-major", []int{0, 1, 2}, 1, 0},
	{"transposed", []int{1, 2, 0}, 1, 0},
	{"sliced", []int{2, 1, 0}, 1, 2},
	{"stepped", []int{2, 1, 0}, 3, 0},
	{"sliced and transposed", []int{2, 0, 1}, 2, 1},
}

const guard = 5 // NaN at either end of a tensor

// place copies a row-major tensor into a layout, NaN everywhere else, and
// returns the memory and the view of the tensor in it.
func place[F Float](l layout, data []F, shape []int) (memory []F, view View[F]) {
	view.Strides = make([]int, len(shape))
	length := l.step
	for _, axis := range l.order {
		view.Strides[axis] = length
		length *= shape[axis] + l.gap
	}
	memory = repeat(F(nan), length+2*guard)
	view.Data = memory[guard : guard+length]
	i := 0
	walk(shape, view.Strides, func(offset int) {
		view.Data[offset] = data[i]
		i++
	})
	return memory, view
}

// walk visits the offsets of a tensor in row-major order.
func walk(shape, strides []int, visit func(offset int)) {
	for i := range size(shape) {
		offset := 0
		for k, stride := range RowMajor(shape) {
			offset += i / stride % shape[k] * strides[k]
		}
		visit(offset)
	}
}

// placed holds tensors of one shape in one layout.
type placed struct {
	layout layout
	shape  []int
	memory [][]float64
}

func (m *placed) add(data []float64) View[float64] {
	memory, view := place(m.layout, data, m.shape)
	m.memory = append(m.memory, memory)
	return view
}

func (m *placed) snapshot() []uint64 { return bits(slices.Concat(m.memory...)) }

var boxShape = []int{2, 3, 4}

// box draws the tensors of one problem over boxShape, row-major.
func box(rng *rand.Rand, pair formPair) (tensors [5][]float64) {
	n := size(boxShape)
	return [5][]float64{
		encode[float64](pair.pred, logits(rng, n, 1)),
		encode[float64](pair.target, logits(rng, n, 1)),
		logits(rng, n, 1), logits(rng, n, 1), logits(rng, n, 1),
	}
}

// operands lays the tensors of a problem out: pred, target, weight, upstream
// and tangent.
func (m *placed) operands(tensors [5][]float64) *Operands[float64] {
	return &Operands[float64]{
		Pred: m.add(tensors[0]), Target: m.add(tensors[1]), Weight: m.add(tensors[2]),
		Upstream: m.add(tensors[3]), Tangent: m.add(tensors[4]),
	}
}

// Every layout gives the bits of the row-major one, reads nothing but the
// tensor and writes nowhere.
func TestLayouts(t *testing.T) {
	rng := newRand(9)
	for _, pair := range formPairs(0, 0.25) {
		tensors := box(rng, pair)
		for axis := range boxShape {
			p := newProblem(pair, boxShape, axis, true)
			for _, f := range functions[float64]() {
				want := f.call(p, (&placed{layout: layouts[0], shape: boxShape}).operands(tensors))
				for _, l := range layouts {
					m := &placed{layout: l, shape: boxShape}
					in := m.operands(tensors)
					before := m.snapshot()
					name := fmt.Sprintf("%v %s axis %d %s", pair, f.name, axis, l.name)
					equalBits(t, name, f.call(p, in), want)
					if !slices.Equal(m.snapshot(), before) {
						t.Errorf("%s: inputs are modified", name)
					}
				}
			}
		}
	}
}

// rowFunctions lists everything that takes tensors of one shape and no Problem.
func rowFunctions() map[string]func(shape []int, axis int, x [3]View[float64]) []float64 {
	type views = [3]View[float64]
	list := map[string]func(shape []int, axis int, x views) []float64{
		"LogSoftmaxJVP": func(shape []int, axis int, x views) []float64 { return LogSoftmaxJVP(shape, axis, x[0], x[1]) },
		"Sum":           func(shape []int, _ int, x views) []float64 { return Sum(shape, x[:]) },
	}
	for _, logarithm := range []bool{false, true} {
		name := fmt.Sprintf("(logarithm=%v)", logarithm)
		list["Softmax"+name] = func(shape []int, axis int, x views) []float64 {
			return Softmax(shape, axis, logarithm, x[0])
		}
		list["SoftmaxVJP"+name] = func(shape []int, axis int, x views) []float64 {
			return SoftmaxVJP(shape, axis, logarithm, x[0], x[1])
		}
		list["SoftmaxCurvature"+name] = func(shape []int, axis int, x views) []float64 {
			return SoftmaxCurvature(shape, axis, logarithm, x[0], x[1], x[2])
		}
	}
	return list
}

func TestRowFunctionLayouts(t *testing.T) {
	tensors := box(newRand(10), formPair{})
	for name, f := range rowFunctions() {
		for axis := range boxShape {
			var want []float64
			for _, l := range layouts {
				m := &placed{layout: l, shape: boxShape}
				x := [3]View[float64]{m.add(tensors[0]), m.add(tensors[1]), m.add(tensors[2])}
				before := m.snapshot()
				got := f(boxShape, axis, x)
				if want == nil {
					want = got
				}
				name := fmt.Sprintf("%s axis %d %s", name, axis, l.name)
				equalBits(t, name, got, want)
				if !slices.Equal(m.snapshot(), before) {
					t.Errorf("%s: inputs are modified", name)
				}
			}
		}
	}
}

// Accumulate writes to its destination's elements and nothing between them.
func TestAccumulate(t *testing.T) {
	tensors := box(newRand(11), formPair{})
	for _, to := range layouts {
		for _, from := range layouts {
			dst, src := &placed{layout: to, shape: boxShape}, &placed{layout: from, shape: boxShape}
			sums := make([]float64, len(tensors[0]))
			for i := range sums {
				sums[i] = tensors[0][i] + tensors[1][i]
			}
			view, source := dst.add(tensors[0]), src.add(tensors[1])
			before := src.snapshot()
			Accumulate(boxShape, view, source)
			want := &placed{layout: to, shape: boxShape}
			want.add(sums)
			if !slices.Equal(dst.snapshot(), want.snapshot()) || !slices.Equal(src.snapshot(), before) {
				t.Errorf("%s += %s: memory is not as expected", to.name, from.name)
			}
		}
	}
	scalar := View[float64]{Data: []float64{2}}
	Accumulate(nil, scalar, View[float64]{Data: []float64{3}})
	if scalar.Data[0] != 5 {
		t.Errorf("2 += 3 is %v", scalar.Data[0])
	}
}
