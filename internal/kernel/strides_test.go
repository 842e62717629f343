package kernel

import (
	"fmt"
	"slices"
	"testing"
)

// A class axis in the middle or in front gives the bits of the same tensors
// with their axes exchanged.
func TestClassAxis(t *testing.T) {
	rng := newRand(12)
	for _, pair := range formPairs(0, 0.25) {
		m := &placed{layout: layouts[0], shape: boxShape}
		in := m.operands(box(rng, pair))
		for axis := range boxShape {
			last := len(boxShape) - 1
			exchange := func(x []int) []int {
				y := slices.Clone(x)
				y[axis], y[last] = y[last], y[axis]
				return y
			}
			moved := *in
			for _, v := range []*View[float64]{&moved.Pred, &moved.Target, &moved.Weight, &moved.Upstream, &moved.Tangent} {
				v.Strides = exchange(v.Strides)
			}
			shape := exchange(boxShape)
			for _, f := range functions[float64]() {
				got := f.call(newProblem(pair, boxShape, axis, true), in)
				var want []float64
				result := f.call(newProblem(pair, shape, last, true), &moved)
				walk(boxShape, exchange(RowMajor(shape)), func(offset int) { want = append(want, result[offset]) })
				equalBits(t, fmt.Sprintf("%v %s axis %d", pair, f.name, axis), got, want)
			}
		}
	}
}

// reductions are the axes that a loss over boxShape sums over, for a class axis.
func reductions(axis int) map[string][]int {
	return map[string][]int{
		"elementwise":      nil,
		"per distribution": {axis},
		"per sample":       slices.DeleteFunc([]int{0, 1, 2}, func(k int) bool { return k == (axis+1)%3 }),
		"scalar":           {0, 1, 2},
	}
}

// Reduced outputs are sums of the elements, and a reduced upstream gradient is
// the broadcast one.
func TestOutStrides(t *testing.T) {
	rng := newRand(13)
	for _, pair := range formPairs(0, 0.25) {
		for axis := range boxShape {
			for name, axes := range reductions(axis) {
				in := (&placed{layout: layouts[0], shape: boxShape}).operands(box(rng, pair))
				full := newProblem(pair, boxShape, axis, true)
				full.Scale = 0.75
				p := full
				p.OutStrides, p.OutSize = summed(boxShape, axes...)
				expanded := *in
				expanded.Upstream = expand(in.Upstream.Data, p.OutStrides)
				in.Upstream = View[float64]{in.Upstream.Data[:p.OutSize], p.OutStrides}
				for _, weighted := range []bool{true, false} {
					if !weighted {
						in.Weight, expanded.Weight = View[float64]{}, View[float64]{}
					}
					for _, f := range functions[float64]() {
						got, want := f.call(p, in), f.call(full, &expanded)
						if f.reduces {
							want = reduceTo(want, p)
						}
						closeTo(t, fmt.Sprintf("%v %s axis %d %s weighted=%v", pair, f.name, axis, name, weighted), got, want)
					}
				}
			}
		}
	}
}

// expand writes a broadcast tensor out.
func expand(data []float64, strides []int) View[float64] {
	out := View[float64]{Strides: RowMajor(boxShape)}
	walk(boxShape, strides, func(offset int) { out.Data = append(out.Data, data[offset]) })
	return out
}

// reduceTo adds elements up into the outputs of a problem.
func reduceTo(elements []float64, p Problem) []float64 {
	out := make([]float64, p.OutSize)
	i := 0
	walk(p.Shape, p.OutStrides, func(offset int) {
		out[offset] += elements[i]
		i++
	})
	return out
}

// closeTo fails unless got is want up to the rounding of another order of terms.
func closeTo(t *testing.T, name string, got, want []float64) {
	t.Helper()
	if !slices.EqualFunc(got, want, func(g, w float64) bool { return near(g, w, 1e-13*norm(want)+1e-14) }) {
		t.Errorf("%s = %v, want %v", name, got, want)
	}
}

// A broadcast sample weight counts as the same weight written out. The bits are
// the same unless it is constant along the classes of two rows of logits, which
// takes a path of its own.
func TestBroadcastWeight(t *testing.T) {
	rng := newRand(14)
	for _, pair := range formPairs(0, 0.25) {
		in := (&placed{layout: layouts[0], shape: boxShape}).operands(box(rng, pair))
		for axis := range boxShape {
			p := newProblem(pair, boxShape, axis, true)
			for _, constant := range [][]int{{0}, {1}, {2}, {0, 1}, {1, 2}, {0, 2}, {0, 1, 2}} {
				strides, _ := summed(boxShape, constant...)
				broadcast, full := *in, *in
				broadcast.Weight = View[float64]{in.Weight.Data, strides}
				full.Weight = expand(in.Weight.Data, strides)
				for _, f := range functions[float64]() {
					check := equalBits[float64]
					if slices.Contains(constant, axis) && pair.target == Logits {
						check = closeTo
					}
					check(t, fmt.Sprintf("%v %s axis %d constant along %v", pair, f.name, axis, constant), f.call(p, &broadcast), f.call(p, &full))
				}
			}
		}
	}
}
