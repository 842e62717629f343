package kldivloss

import (
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestTrapAddOverwritesAReshape: Add(Reshape(x), y) writes into x.
func TestTrapAddOverwritesAReshape(t *testing.T) {
	x, y := []float64{1, 2, 3, 4}, []float64{10, 20, 30, 40}
	run := func(sum func(view, y *G.Node) *G.Node) (result, left []float64) {
		g := G.NewGraph()
		xn := input(g, "x", tensor.Float64, x, 4)
		result = once(t, sum(reshape(xn, 2, 2), input(g, "y", tensor.Float64, y, 2, 2)))[0]
		return result, numbers(t, xn.Value())
	}
	want := []float64{11, 22, 33, 44}
	_, left := run(func(view, y *G.Node) *G.Node { return G.Must(G.Add(view, y)) })
	stillBites(t, same(left, want), "Add(Reshape(x), y) leaves x alone")
	for name, sum := range map[string]func(view, y *G.Node) *G.Node{
		"the view as the second operand": func(view, y *G.Node) *G.Node { return G.Must(G.Add(y, view)) },
		"the sum that Grad makes":        func(view, y *G.Node) *G.Node { return must(t)(add(G.Nodes{view, y})) },
		"a view that is copied": func(view, y *G.Node) *G.Node {
			return G.Must(G.Add(must(t)(settled(view)), y))
		},
	} {
		result, left := run(sum)
		assertClose(t, name, result, want, 0)
		assertClose(t, name+": x", left, x, 0)
	}
}

// TestTrapValueOfAnIntermediate: node.Value() of an intermediate is overwritten by later
// ops, and what G.Read gives by the next run.
func TestTrapValueOfAnIntermediate(t *testing.T) {
	build := func() (x, square, cost *G.Node) {
		x = input(G.NewGraph(), "x", tensor.Float64, []float64{1, 2}, 1, 2)
		square = G.Must(G.Square(x))
		return x, square, G.Must(G.Add(square, x))
	}
	run := func(x *G.Node, vm G.VM, values ...float64) {
		t.Helper()
		if err := G.Let(x, dense(tensor.Float64, values, 1, 2)); err != nil {
			t.Fatal(err)
		}
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		vm.Reset()
	}
	x, square, cost := build()
	vm := G.NewTapeMachine(cost.Graph())
	defer vm.Close()
	run(x, vm, 1, 2)
	stillBites(t, same(numbers(t, square.Value()), []float64{2, 6}), "node.Value() of an intermediate is its value")

	x, square, cost = build()
	var read G.Value
	G.Read(square, &read)
	reading := G.NewTapeMachine(cost.Graph())
	defer reading.Close()
	run(x, reading, 1, 2)
	assertClose(t, "G.Read", numbers(t, read), []float64{1, 4}, 0)
	copied := numbers(t, read)
	run(x, reading, 3, 5)
	stillBites(t, same(numbers(t, read), []float64{9, 25}), "what G.Read gave stays through the next run")
	assertClose(t, "a copy", copied, []float64{1, 4}, 0)
}

// TestTrapMatMulOfAColumnSlice: MatMul is wrong on column slices.
func TestTrapMatMulOfAColumnSlice(t *testing.T) {
	r := rand.New(rand.NewPCG(71, 72))
	data, w := random(r, 12), random(r, 8)
	run := func(x *tensor.Dense) []float64 {
		g := G.NewGraph()
		return once(t, G.Must(G.Mul(inputOf(g, "x", x), input(g, "w", tensor.Float64, w, 4, 2))))[0]
	}
	want := make([]float64, 6)
	for i := range 3 {
		for j := range 2 {
			for k := range 4 {
				want[2*i+j] += data[4*i+k] * w[2*k+j]
			}
		}
	}
	slice := func() *tensor.Dense { return layouts(t, tensor.Float64, data, 3, 4)["column slice"] }
	stillBites(t, !same(run(slice()), want), "MatMul of a column slice is right")
	assertClose(t, "a materialised slice", run(slice().Materialize().(*tensor.Dense)), want, 1e-14)
}

// TestTrapMatMulOfAColumnMajorMatrix: MatMul panics in the machine's goroutine.
func TestTrapMatMulOfAColumnMajorMatrix(t *testing.T) {
	data := random(rand.New(rand.NewPCG(73, 74)), 12)
	product := func(x *tensor.Dense) *G.Node {
		g := G.NewGraph()
		return G.Must(G.Mul(inputOf(g, "x", x), input(g, "w", tensor.Float64, data[:8], 4, 2)))
	}
	columnMajor := func() *tensor.Dense { return layouts(t, tensor.Float64, data, 3, 4)["column-major"] }
	out, err := inChild(t, func() { once(t, product(columnMajor())) })
	stillBites(t, err != nil && strings.Contains(out, "panic:"), "MatMul of a column-major matrix does not end the process")
	want := once(t, product(dense(tensor.Float64, data, 3, 4)))[0]
	assertClose(t, "copied to row-major", once(t, product(rowMajor(columnMajor())))[0], want, 0)
}
