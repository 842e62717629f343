package kldivloss

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"time"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
	"pgregory.net/rapid"
)

// long asks for the tests under load in full, which take minutes: go test . -long
var long = flag.Bool("long", false, "run the tests under load in full")

var dtypes = []tensor.Dtype{tensor.Float64, tensor.Float32}

// dense makes a tensor of a dtype from float64 numbers.
func dense(dtype tensor.Dtype, data []float64, shape ...int) *tensor.Dense {
	if dtype == tensor.Float64 {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(append([]float64(nil), data...)))
	}
	data32 := make([]float32, len(data))
	for i, x := range data {
		data32[i] = float32(x)
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data32))
}

// input makes a named input node bound to data.
func input(g *G.ExprGraph, name string, dtype tensor.Dtype, data []float64, shape ...int) *G.Node {
	return inputOf(g, name, dense(dtype, data, shape...))
}

func inputOf(g *G.ExprGraph, name string, v *tensor.Dense) *G.Node {
	return G.NewTensor(g, v.Dtype(), v.Dims(), G.WithShape(v.Shape()...), G.WithName(name), G.WithValue(v))
}

// numbers reads a value in row-major order, whatever its layout.
func numbers(t rapid.TB, v G.Value) []float64 {
	t.Helper()
	if v == nil {
		t.Fatal("no value")
	}
	if d, ok := v.(*tensor.Dense); ok && d.Dims() > 0 {
		v = d.Clone().(*tensor.Dense).Materialize()
		v = rowMajor(v.(*tensor.Dense))
	}
	if x := flat(v); x != nil {
		return x
	}
	t.Fatalf("a value of %T", v.Data())
	return nil
}

// flat copies a value's elements as they lie in memory, nil if they are no floats.
func flat(v G.Value) []float64 {
	switch data := v.Data().(type) {
	case []float64:
		return append([]float64(nil), data...)
	case []float32:
		out := make([]float64, len(data))
		for i, x := range data {
			out[i] = float64(x)
		}
		return out
	case float64:
		return []float64{data}
	case float32:
		return []float64{float64(data)}
	}
	return nil
}

// rowMajor copies a tensor element by element through At.
func rowMajor(d *tensor.Dense) *tensor.Dense {
	out := tensor.New(tensor.Of(d.Dtype()), tensor.WithShape(d.Shape()...))
	index := make([]int, d.Dims())
	for {
		x, err := d.At(index...)
		if err != nil {
			panic(err)
		}
		if err := out.SetAt(x, index...); err != nil {
			panic(err)
		}
		k := len(index) - 1
		for ; k >= 0; k-- {
			if index[k]++; index[k] < d.Shape()[k] {
				break
			}
			index[k] = 0
		}
		if k < 0 {
			return out
		}
	}
}

// watch has the next machine that is made leave the nodes' values.
func watch(nodes G.Nodes) []G.Value {
	values := make([]G.Value, len(nodes))
	for i, n := range nodes {
		G.Read(n, &values[i])
	}
	return values
}

// runTape runs nodes on a TapeMachine twice and returns the numbers of the
// second run, after checking that both are the same.
func runTape(t rapid.TB, nodes ...*G.Node) [][]float64 {
	t.Helper()
	values := watch(nodes)
	vm := G.NewTapeMachine(nodes[0].Graph())
	defer vm.Close()
	var runs [2][][]float64
	for run := range runs {
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			runs[run] = append(runs[run], numbers(t, v))
		}
		vm.Reset()
	}
	for i := range nodes {
		assertClose(t, fmt.Sprintf("second run of %v", nodes[i]), runs[1][i], runs[0][i], 0)
	}
	return runs[1]
}

// runLisp runs a scalar cost on a LispMachine and returns the gradients it
// leaves on the nodes.
func runLisp(t rapid.TB, cost *G.Node, nodes ...*G.Node) [][]float64 {
	t.Helper()
	vm := G.NewLispMachine(cost.Graph())
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	grads := make([][]float64, len(nodes))
	for i, n := range nodes {
		v, err := n.Grad()
		if err != nil {
			t.Fatal(err)
		}
		grads[i] = numbers(t, v)
	}
	return grads
}

// scalarCost sums a loss that is not a scalar yet.
func scalarCost(t rapid.TB, loss *G.Node) *G.Node {
	t.Helper()
	if loss.IsScalar() {
		return loss
	}
	return G.Must(G.Sum(loss))
}

// assertClose compares element by element, relative to the larger of 1 and the
// expectation. NaN equals NaN, and infinities equal themselves.
func assertClose(t rapid.TB, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers %v, want %d: %v", what, len(got), head(got), len(want), head(want))
	}
	for i := range want {
		if !closeTo(got[i], want[i], tolerance) {
			t.Fatalf("%s: element %d is %v, want %v\n got %v\nwant %v", what, i, got[i], want[i], head(got), head(want))
		}
	}
}

func closeTo(got, want, tolerance float64) bool {
	if math.IsNaN(got) || math.IsNaN(want) {
		return math.IsNaN(got) && math.IsNaN(want)
	}
	return got == want || math.Abs(got-want) <= tolerance*math.Max(1, math.Abs(want))
}

func head(x []float64) []float64 { return x[:min(len(x), 12)] }

// must unwraps a node-building call.
func must(t rapid.TB) func(*G.Node, error) *G.Node {
	return func(n *G.Node, err error) *G.Node {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
}

func mustAll(t rapid.TB) func(G.Nodes, error) G.Nodes {
	return func(ns G.Nodes, err error) G.Nodes {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return ns
	}
}

// settledGoroutines is the number of goroutines once those that are about to end have
// ended: at most want, or what is left after a long wait.
func settledGoroutines(want int) int {
	for wait := time.Millisecond; ; wait *= 2 {
		n := runtime.NumGoroutine()
		if n <= want || wait > 4*time.Second {
			return n
		}
		time.Sleep(wait)
	}
}
