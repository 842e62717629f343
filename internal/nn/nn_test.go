package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const rows, width = 3, 5

// function is one op of this package, and the same in plain Go on rows × columns
// numbers and a second argument.
type function struct {
	name  string
	build func(a, b *G.Node) (*G.Node, error)
	shape []int // of b
	plain func(a, b []float64) []float64
	fixed bool // b takes no gradient
}

var functions = []function{
	{"AddBias", AddBias, []int{1, width}, func(a, b []float64) []float64 {
		return each(a, func(i int, x float64) float64 { return x + b[i%width] })
	}, false},
	{"AddBiasReLU", AddBiasReLU, []int{1, width}, func(a, b []float64) []float64 {
		return each(a, func(i int, x float64) float64 { return math.Max(0, x+b[i%width]) })
	}, false},
	{"BernoulliNLL", BernoulliNLL, []int{rows, width}, func(l, x []float64) []float64 {
		out := make([]float64, rows)
		for i := range l {
			out[i/width] += math.Max(l[i], 0) + math.Log1p(math.Exp(-math.Abs(l[i]))) - x[i]*l[i]
		}
		return out
	}, true},
	{"Columns", func(a, _ *G.Node) (*G.Node, error) { return Columns(a, 1, 4) }, []int{1}, func(a, _ []float64) []float64 {
		var out []float64
		for i := range rows {
			out = append(out, a[i*width+1:i*width+4]...)
		}
		return out
	}, true},
}

func each(x []float64, f func(i int, x float64) float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = f(i, v)
	}
	return out
}

func numbers(rng *rand.Rand, n int) []float64 {
	return each(make([]float64, n), func(int, float64) float64 { return rng.NormFloat64() })
}

func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// TestFunctions holds values to plain Go and gradients, under a random upstream one, to
// central differences of it.
func TestFunctions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range functions {
		for _, dtype := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
			t.Run(fmt.Sprintf("%s/%v", f.name, dtype), func(t *testing.T) {
				a, b := numbers(rng, rows*width), numbers(rng, volume(f.shape))
				want := f.plain(a, b)
				upstream := numbers(rng, len(want))
				loss := func() float64 {
					sum := 0.0
					for i, v := range f.plain(a, b) {
						sum += upstream[i] * v
					}
					return sum
				}
				got, gradients := compute(t, f, dtype, a, b, upstream)
				tolerance := map[tensor.Dtype]float64{tensor.Float64: 1e-8, tensor.Float32: 1e-5}[dtype]
				for i, v := range got {
					if math.Abs(v-want[i]) > tolerance {
						t.Errorf("value %d is %v, want %v", i, v, want[i])
					}
				}
				for k, x := range [][]float64{a, b}[:len(gradients)] {
					for i, at := range x {
						const step = 1e-6
						x[i] = at + step
						up := loss()
						x[i] = at - step
						down := loss()
						x[i] = at
						if numeric := (up - down) / (2 * step); math.Abs(gradients[k][i]-numeric) > tolerance {
							t.Errorf("gradient %d of argument %d is %v, central difference %v", i, k, gradients[k][i], numeric)
						}
					}
				}
			})
		}
	}
}

// compute returns the op's value and its gradients.
func compute(t *testing.T, f function, dtype tensor.Dtype, a, b, upstream []float64) (value []float64, gradients [][]float64) {
	t.Helper()
	g := G.NewGraph()
	aNode, bNode := input(g, "a", dtype, a, rows, width), input(g, "b", dtype, b, f.shape...)
	out, err := f.build(aNode, bNode)
	if err != nil {
		t.Fatal(err)
	}
	cost := G.Must(G.Sum(G.Must(G.HadamardProd(out, input(g, "upstream", dtype, upstream, out.Shape()...)))))
	wrt := G.Nodes{aNode, bNode}
	if f.fixed {
		wrt = wrt[:1]
	}
	grads, err := G.Grad(cost, wrt...)
	if err != nil {
		t.Fatal(err)
	}
	values := make([]G.Value, 1+len(grads))
	for i, n := range append(G.Nodes{out}, grads...) {
		G.Read(n, &values[i])
	}
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	for _, v := range values[1:] {
		gradients = append(gradients, float64s(v))
	}
	return float64s(values[0]), gradients
}

func input(g *G.ExprGraph, name string, dtype tensor.Dtype, data []float64, shape ...int) *G.Node {
	var backing any = append([]float64(nil), data...)
	if dtype == tensor.Float32 {
		narrow := make([]float32, len(data))
		for i, v := range data {
			narrow[i] = float32(v)
		}
		backing = narrow
	}
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(backing))
	return G.NewTensor(g, dtype, len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(v))
}

func float64s(v G.Value) []float64 {
	switch data := v.Data().(type) {
	case []float32:
		out := make([]float64, len(data))
		for i, x := range data {
			out[i] = float64(x)
		}
		return out
	case []float64:
		return data
	}
	panic(fmt.Sprintf("%T", v.Data()))
}

// TestTails holds the likelihood to its limits far out, where exp overflows.
func TestTails(t *testing.T) {
	f := functions[2]
	l := []float64{-1e4, -750, 750, 1e4, 0, -40, 40, 36.5, -36.5, 1e-3, -16.5, 16.5, 300, -300, 3}
	for _, on := range []float64{0, 1} {
		x := each(make([]float64, len(l)), func(int, float64) float64 { return on })
		want := f.plain(l, x)
		got, gradients := compute(t, f, tensor.Float64, l, x, []float64{1, 1, 1})
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-12*(1+want[i]) {
				t.Errorf("row %d is %v, want %v", i, got[i], want[i])
			}
		}
		for i, g := range gradients[0] {
			if want := 1/(1+math.Exp(-l[i])) - on; math.Abs(g-want) > 1e-15 {
				t.Errorf("gradient at logit %v is %v, want %v", l[i], g, want)
			}
		}
	}
}

func TestErrors(t *testing.T) {
	g := G.NewGraph()
	a := input(g, "a", tensor.Float64, make([]float64, 6), 2, 3)
	b := input(g, "b", tensor.Float64, make([]float64, 2), 1, 2)
	narrow := input(g, "c", tensor.Float32, make([]float64, 3), 1, 3)
	for _, c := range []struct {
		build func() (*G.Node, error)
		want  string
	}{
		{func() (*G.Node, error) { return AddBias(a, b) }, "expected (B, n) and (1, n)"},
		{func() (*G.Node, error) { return AddBiasReLU(a, narrow) }, "float32"},
		{func() (*G.Node, error) { return AddBias(nil, b) }, "input 0 is nil"},
		{func() (*G.Node, error) { return BernoulliNLL(a, b) }, "expected both (B, n)"},
		{func() (*G.Node, error) { return Columns(a, 2, 4) }, "columns 2 to 4"},
		{func() (*G.Node, error) { return Columns(a, 2, 2) }, "columns 2 to 2"},
	} {
		if _, err := c.build(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, expected an error with %q", err, c.want)
		}
	}
}
