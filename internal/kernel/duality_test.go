package kernel

import (
	"fmt"
	"math"
	"testing"
)

// dualClose fails unless two scalar products agree up to the rounding of their
// terms.
func dualClose(t *testing.T, name string, a, x, b, y []float64) {
	t.Helper()
	var scale float64
	for i := range a {
		scale += math.Abs(a[i] * x[i])
	}
	for i := range b {
		scale += math.Abs(b[i] * y[i])
	}
	if left, right := dot(a, x), dot(b, y); !near(left, right, 1e-13*(1+scale)) {
		t.Errorf("%s: %v ≠ %v", name, left, right)
	}
}

// ⟨JVP v, u⟩ = ⟨v, VJP u⟩ and ⟨HVP(a,b) v, u⟩ = ⟨v, HVP(b,a) u⟩ for every pair
// of forms under every reduction.
func TestDuality(t *testing.T) {
	rng := newRand(15)
	for _, pair := range formPairs(0, 0.25) {
		for axis := range boxShape {
			for reduction, axes := range reductions(axis) {
				in := (&placed{layout: layouts[0], shape: boxShape}).operands(box(rng, pair))
				p := newProblem(pair, boxShape, axis, true)
				p.Scale = 0.75
				p.OutStrides, p.OutSize = summed(boxShape, axes...)
				upstream := in.Upstream.Data[:p.OutSize]
				in.Upstream = View[float64]{upstream, p.OutStrides}
				with := func(tangent View[float64]) *Operands[float64] {
					moved := *in
					moved.Tangent = tangent
					return &moved
				}
				v := in.Tangent
				u := dense(logits(rng, size(boxShape), 1), boxShape...)
				for _, a := range sides {
					name := fmt.Sprintf("%v axis %d %s %v", pair, axis, reduction, a)
					dualClose(t, name+": ⟨JVP v, u⟩, ⟨v, VJP u⟩", JVP(p, a, in), upstream, VJP(p, a, in), v.Data)
					for _, b := range sides {
						dualClose(t, fmt.Sprintf("%s: ⟨HVP v, u⟩, ⟨v, HVP u⟩ with %v", name, b),
							HVP(p, a, b, with(v)), u.Data, HVP(p, b, a, with(u)), v.Data)
					}
				}
			}
		}
	}
}

// combination returns x + c·y.
func combination(x []float64, c float64, y []float64) []float64 {
	out := make([]float64, len(x))
	for i := range out {
		out[i] = x[i] + c*y[i]
	}
	return out
}

// The gradients of the softmax are those of central differences, and its
// second-order helpers are the adjoints they claim to be.
func TestSoftmaxGradients(t *testing.T) {
	rng := newRand(16)
	const step = 1e-5
	shape := []int{4, 5}
	n := size(shape)
	for range 20 {
		x, v, g, w := logits(rng, n, 1), logits(rng, n, 1), logits(rng, n, 1), logits(rng, n, 1)
		for axis := range shape {
			for _, logarithm := range []bool{false, true} {
				name := fmt.Sprintf("axis %d logarithm=%v", axis, logarithm)
				slope := func(f func(x []float64) []float64, x, along []float64) []float64 {
					forward, backward := f(combination(x, step, along)), f(combination(x, -step, along))
					return combination(make([]float64, n), 0.5/step, combination(forward, -1, backward))
				}
				forward := func(x []float64) []float64 { return Softmax(shape, axis, logarithm, dense(x, shape...)) }
				y := dense(forward(x), shape...)
				vjp := func(y View[float64], g []float64) []float64 {
					return SoftmaxVJP(shape, axis, logarithm, y, dense(g, shape...))
				}
				derivative := slope(forward, x, v)
				if left, right := dot(derivative, g), dot(v, vjp(y, g)); !near(left, right, 1e-8) {
					t.Errorf("%s: SoftmaxVJP gives %v, differences %v", name, right, left)
				}
				curvature := SoftmaxCurvature(shape, axis, logarithm, y, dense(g, shape...), dense(v, shape...))
				along := slope(func(y []float64) []float64 { return vjp(dense(y, shape...), g) }, y.Data, w)
				if left, right := dot(along, v), dot(w, curvature); !near(left, right, 1e-8) {
					t.Errorf("%s: SoftmaxCurvature gives %v, differences %v", name, right, left)
				}
				if logarithm {
					dualClose(t, name+": LogSoftmaxJVP", LogSoftmaxJVP(shape, axis, y, dense(v, shape...)), g, v, vjp(y, g))
				} else {
					dualClose(t, name+": symmetry", vjp(y, v), g, v, vjp(y, g))
				}
			}
		}
	}
}
