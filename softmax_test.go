package kldivloss

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestSoftmaxValues holds rows far apart in size, where tensor's SoftMax gives
// NaN, and infinities.
func TestSoftmaxValues(t *testing.T) {
	third := 1.0 / 3
	e := []float64{1 / (1 + math.Exp(-1) + math.Exp(-2)), math.Exp(-1) / (1 + math.Exp(-1) + math.Exp(-2)), math.Exp(-2) / (1 + math.Exp(-1) + math.Exp(-2))}
	for _, c := range []struct {
		name string
		x    []float64
		want []float64
	}{
		{"rows far apart", []float64{0, 0, 0, -120, -121, -122}, append([]float64{third, third, third}, e...)},
		{"±1e3", []float64{1e3, -1e3, -1e3, -1e3, 1e3, -1e3}, []float64{1, 0, 0, 0, 1, 0}},
		{"−Inf in a class", []float64{-inf, 0, 0, 0, -inf, -inf}, []float64{0, 0.5, 0.5, 1, 0, 0}},
		{"a row all −Inf, a row with NaN", []float64{-inf, -inf, -inf, nan, 0, 0}, []float64{nan, nan, nan, nan, nan, nan}},
		{"a row with +Inf", []float64{inf, 0, 0, 0, 0, 0}, []float64{nan, nan, nan, third, third, third}},
	} {
		for _, dtype := range dtypes {
			t.Run(fmt.Sprintf("%s/%v", c.name, dtype), func(t *testing.T) {
				g := G.NewGraph()
				x := input(g, "x", dtype, c.x, 2, 3)
				soft, logSoft := must(t)(Softmax(x, -1)), must(t)(LogSoftmax(x, 1))
				got := runTape(t, soft, logSoft)
				tolerance := map[tensor.Dtype]float64{tensor.Float64: 1e-15, tensor.Float32: 1e-7}[dtype]
				assertClose(t, "Softmax", got[0], c.want, tolerance)
				for i, l := range got[1] {
					if want := math.Log(c.want[i]); !closeTo(l, want, 2*tolerance) && c.want[i] != 0 {
						t.Errorf("LogSoftmax: class %d is %v, want %v", i, l, want)
					}
				}
			})
		}
	}
}

// TestSoftmaxDerivatives covers both in one graph, every axis, twice.
func TestSoftmaxDerivatives(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for axis := -3; axis < 3; axis++ {
		t.Run(fmt.Sprintf("axis %d", axis), func(t *testing.T) {
			f := function{
				shapes: [][]int{{2, 3, 4}}, point: [][]float64{random(r, 24)},
				build: func(in G.Nodes) (*G.Node, error) {
					soft, err := Softmax(in[0], axis)
					if err != nil {
						return nil, err
					}
					logSoft, err := LogSoftmax(in[0], axis)
					if err != nil {
						return nil, err
					}
					return G.Sum(G.Must(G.HadamardProd(G.Must(G.Cube(soft)), logSoft)))
				},
			}
			f.check(t, r, 1e-6)
		})
	}
}

// TestSoftmaxOnLispMachine compares with the TapeMachine, where Gorgonia's own
// second step is wrong.
func TestSoftmaxOnLispMachine(t *testing.T) {
	r := rand.New(rand.NewPCG(43, 44))
	data, weights := random(r, 12), random(r, 12)
	build := func() (x, cost *G.Node) {
		g := G.NewGraph()
		x = input(g, "x", tensor.Float64, data, 3, 4)
		w := input(g, "w", tensor.Float64, weights, 3, 4)
		soft, logSoft := must(t)(Softmax(x, 0)), must(t)(LogSoftmax(x, 1))
		return x, sumOver(G.Must(G.HadamardProd(w, G.Must(G.HadamardProd(soft, logSoft)))))
	}
	x, cost := build()
	want := runTape(t, mustAll(t)(G.Grad(cost, x))...)
	x, cost = build()
	assertClose(t, "gradient", runLisp(t, cost, x)[0], want[0], 1e-14)
}

// TestComposedDivergence builds the divergence from our softmaxes and Gorgonia's
// primitives: it agrees with the fused op, where Gorgonia's own softmaxes merge
// into one node and give another number.
func TestComposedDivergence(t *testing.T) {
	r := rand.New(rand.NewPCG(45, 46))
	g := G.NewGraph()
	x := input(g, "x", tensor.Float64, random(r, 12), 3, 4)
	y := input(g, "y", tensor.Float64, random(r, 12), 3, 4)
	compose := func(softmax, logSoftmax func(*G.Node) *G.Node) *G.Node {
		return sumOver(G.Must(G.HadamardProd(softmax(y), G.Must(G.Sub(logSoftmax(y), logSoftmax(x))))))
	}
	ours := compose(
		func(n *G.Node) *G.Node { return must(t)(Softmax(n, -1)) },
		func(n *G.Node) *G.Node { return must(t)(LogSoftmax(n, -1)) })
	theirs := compose(
		func(n *G.Node) *G.Node { return G.Must(G.SoftMax(n)) },
		func(n *G.Node) *G.Node { return G.Must(G.LogSoftMax(n)) })
	fused := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(Logits), WithReduction(ReductionSum)))
	got := runTape(t, ours, fused, theirs)
	assertClose(t, "composed of our softmaxes", got[0], got[1], 1e-14)
	if closeTo(got[2][0], got[1][0], 1e-6) {
		t.Error("Gorgonia's softmaxes no longer merge: the doc of Softmax may say less")
	}
}
