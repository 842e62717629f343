package kldivloss

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// policy is a small MLP with Tanh layers and biases by BroadcastAdd whose mean
// divergence from constant old logits is the cost.
func policy(r *rand.Rand) function {
	states, old := random(r, 5*4), random(r, 5*3)
	return function{
		shapes: [][]int{{4, 6}, {1, 6}, {6, 3}, {1, 3}},
		point:  [][]float64{random(r, 24), random(r, 6), random(r, 18), random(r, 3)},
		build: func(in G.Nodes) (*G.Node, error) {
			g := in[0].Graph()
			logits := mlp(input(g, "states", tensor.Float64, states, 5, 4), in)
			return KLDivLoss(logits, input(g, "old", tensor.Float64, old, 5, 3),
				WithFromLogits(false), WithTargetForm(Logits), WithTargetGrad(false), WithReduction(ReductionBatchMean))
		},
	}
}

func mlp(x *G.Node, w G.Nodes) *G.Node {
	hidden := G.Must(G.Tanh(G.Must(G.BroadcastAdd(G.Must(G.Mul(x, w[0])), w[1], nil, []byte{0}))))
	return G.Must(G.BroadcastAdd(G.Must(G.Mul(hidden, w[2])), w[3], nil, []byte{0}))
}

func TestFisherVectorProduct(t *testing.T) {
	policy(rand.New(rand.NewPCG(1, 2))).check(t, rand.New(rand.NewPCG(3, 4)), 1e-6)
}

// TestGradBehindViews puts the loss behind Reshapes of ops whose derivatives
// Gorgonia computes in place, in memory that the Reshapes still show.
func TestGradBehindViews(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, reshaped := range []int{0, 1, 2} {
		f := function{
			shapes: [][]int{{2, 6}}, point: [][]float64{random(r, 12)},
			build: func(in G.Nodes) (*G.Node, error) {
				sides := G.Nodes{tanh(in[0]), G.Must(G.Exp(in[0]))}
				for i := range sides {
					if i == reshaped || reshaped == 2 {
						sides[i] = reshape(reshape(sides[i], 12), 3, 4)
					} else {
						sides[i] = reshape(sides[i], 3, 4)
					}
				}
				cost, err := KLDivLoss(sides[0], sides[1], WithFromLogits(false), WithReduction(ReductionSum))
				if err != nil {
					return nil, err
				}
				return G.Square(cost)
			},
		}
		f.check(t, r, 1e-6)
	}
}

// TestGradTwice takes the gradients of two losses that share layers, where
// gorgonia.Grad loses terms: its second result is asserted wrong, so that a
// Gorgonia that mends it turns this test red.
func TestGradTwice(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	x, w := random(r, 6), random(r, 6)
	build := func() (wn, first, second *G.Node) {
		g := G.NewGraph()
		wn = input(g, "w", tensor.Float64, w, 2, 3)
		h := tanh(G.Must(G.Mul(input(g, "x", tensor.Float64, x, 3, 2), wn)))
		return wn, sumOver(h), sumOver(G.Must(G.Cube(h)))
	}
	alone := func(pick func(first, second *G.Node) *G.Node) []float64 {
		wn, first, second := build()
		return runTape(t, mustAll(t)(G.Grad(pick(first, second), wn))[0])[0]
	}
	wantFirst := alone(func(first, _ *G.Node) *G.Node { return first })
	wantSecond := alone(func(_, second *G.Node) *G.Node { return second })

	wn, first, second := build()
	got := runTape(t, mustAll(t)(Grad(first, wn))[0], mustAll(t)(Grad(second, wn))[0])
	assertClose(t, "first loss", got[0], wantFirst, 1e-14)
	assertClose(t, "second loss", got[1], wantSecond, 1e-14)

	wn, first, second = build()
	theirs := runTape(t, mustAll(t)(G.Grad(first, wn))[0], mustAll(t)(G.Grad(second, wn))[0])
	if compare("", theirs[1:], [][]float64{wantSecond}, 1e-6) == nil {
		t.Error("gorgonia.Grad is right the second time: our Grad may no longer be needed")
	}
}

func TestGradOfIntermediateAndLinear(t *testing.T) {
	g := G.NewGraph()
	x := input(g, "x", tensor.Float64, []float64{1, 2}, 2)
	y := G.Must(G.Square(x))
	cost := sumOver(G.Must(G.Cube(y)))
	linear := sumOver(x)
	v := input(g, "v", tensor.Float64, []float64{5, 7}, 2)
	got := runTape(t,
		mustAll(t)(Grad(cost, y))[0],
		mustAll(t)(Grad(cost, x))[0],
		mustAll(t)(HessianVectorProduct(linear, G.Nodes{x}, G.Nodes{v}))[0])
	assertClose(t, "∂cost/∂y = 3y²", got[0], []float64{3, 48}, 1e-14)
	assertClose(t, "∂cost/∂x = 6x⁵", got[1], []float64{6, 192}, 1e-14)
	assertClose(t, "the Hessian of a linear cost", got[2], []float64{0, 0}, 0)
}

// TestGradLeavesNoMarks lets Gorgonia's own Grad, dual values and solver work as
// if ours had not been there.
func TestGradLeavesNoMarks(t *testing.T) {
	g := G.NewGraph()
	x := input(g, "x", tensor.Float64, []float64{0.3, -0.2, 1}, 1, 3)
	target := input(g, "target", tensor.Float64, []float64{0.5, 0.25, 0.25}, 1, 3)
	cost := must(t)(KLDivLoss(x, target, WithFromLogits(false), WithReduction(ReductionBatchMean)))
	ours := mustAll(t)(Grad(cost, x))[0]
	mustAll(t)(G.Grad(cost, x))
	var value, oursValue G.Value
	G.Read(cost, &value)
	G.Read(ours, &oursValue)
	vm := G.NewTapeMachine(g, G.BindDualValues(x), G.TraceExec())
	defer vm.Close()
	solver := G.NewVanillaSolver(G.WithLearnRate(1))
	last := math.Inf(1)
	for i := range 50 {
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		dual, err := x.Grad()
		if err != nil {
			t.Fatal(err)
		}
		assertClose(t, fmt.Sprintf("step %d: the dual value", i), numbers(t, dual), numbers(t, oursValue), 1e-15)
		now := numbers(t, value)[0]
		if !(now < last) {
			t.Fatalf("step %d: the loss went from %v to %v", i, last, now)
		}
		last = now
		if err := solver.Step(G.NodesToValueGrads(G.Nodes{x})); err != nil {
			t.Fatal(err)
		}
		vm.Reset()
	}
	if last > 1e-6 {
		t.Errorf("after 50 steps the loss is %v", last)
	}
}

func TestThirdDerivative(t *testing.T) {
	for _, predForm := range forms {
		g := G.NewGraph()
		x := input(g, "x", tensor.Float64, []float64{0.3, 0.2, 0.5}, 1, 3)
		target := input(g, "target", tensor.Float64, []float64{0.5, 0.25, 0.25}, 1, 3)
		v := input(g, "v", tensor.Float64, []float64{1, 2, 3}, 1, 3)
		cost := must(t)(KLDivLoss(x, target, WithPredForm(predForm), WithReduction(ReductionSum)))
		hv := mustAll(t)(HessianVectorProduct(cost, G.Nodes{x}, G.Nodes{v}))[0]
		inner := sumOver(G.Must(G.HadamardProd(hv, v)))
		if _, err := Grad(inner, x); !errors.Is(err, ErrThirdDerivative) {
			t.Errorf("%v: Grad gives %v, want ErrThirdDerivative", predForm, err)
		}
		if _, err := G.Grad(inner, x); err == nil {
			t.Errorf("%v: gorgonia.Grad gives no error", predForm)
		}
		// The product is linear in v: its gradient there, 2·H·v, is no third derivative.
		got := runTape(t, hv, mustAll(t)(Grad(inner, v))[0])
		for i := range got[0] {
			got[0][i] *= 2
		}
		assertClose(t, predForm.String(), got[1], got[0], 1e-14)
	}
}

func TestGradErrors(t *testing.T) {
	g := G.NewGraph()
	x := input(g, "x", tensor.Float64, []float64{0.3, 0.2, 0.5}, 1, 3)
	weight := input(g, "weight", tensor.Float64, []float64{1}, 1)
	target := input(g, "target", tensor.Float64, []float64{0.5, 0.25, 0.25}, 1, 3)
	other := input(g, "other", tensor.Float64, []float64{1}, 1)
	foreign := input(G.NewGraph(), "foreign", tensor.Float64, []float64{1}, 1)
	single := input(g, "single", tensor.Float32, []float64{1, 2, 3}, 1, 3)
	ints := G.NewTensor(g, tensor.Int, 1, G.WithName("ints"), G.WithShape(3))
	cost := must(t)(KLDivLoss(x, target, WithSampleWeight(weight), WithTargetGrad(false), WithReduction(ReductionSum)))
	vector := must(t)(KLDivLoss(x, target))
	for _, c := range []struct {
		name string
		cost *G.Node
		wrt  G.Nodes
		want error
	}{
		{"nil cost", nil, G.Nodes{x}, ErrNilNode},
		{"a vector as cost", vector, G.Nodes{x}, ErrShape},
		{"no wrt", cost, nil, ErrOption},
		{"nil wrt", cost, G.Nodes{x, nil}, ErrNilNode},
		{"another graph", cost, G.Nodes{foreign}, ErrGraph},
		{"integers", cost, G.Nodes{ints}, ErrDtype},
		{"independent", cost, G.Nodes{other}, ErrNotDifferentiable},
		{"the sample weight", cost, G.Nodes{weight}, ErrNotDifferentiable},
		{"a constant target", cost, G.Nodes{target}, ErrNotDifferentiable},
	} {
		if _, err := Grad(c.cost, c.wrt...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	for _, c := range []struct {
		name   string
		wrt, v G.Nodes
		want   error
	}{
		{"too few v", G.Nodes{x}, nil, ErrShape},
		{"nil v", G.Nodes{x}, G.Nodes{nil}, ErrNilNode},
		{"v of another shape", G.Nodes{x}, G.Nodes{weight}, ErrShape},
		{"v of another dtype", G.Nodes{x}, G.Nodes{single}, ErrDtype},
		{"v of another graph", G.Nodes{other}, G.Nodes{foreign}, ErrGraph},
	} {
		if _, err := HessianVectorProduct(cost, c.wrt, c.v); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
	if _, err := G.Grad(cost, weight); err == nil {
		t.Error("gorgonia.Grad of the sample weight gives no error")
	}
}
