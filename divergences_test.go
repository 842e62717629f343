package kldivloss

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// goldenDivergence is one case of testdata/golden/divergences.json.gz: each
// distribution's divergence, the gradients of their sum, and its Hessian times vectors,
// see divergences.py.
type goldenDivergence struct {
	Name                 string
	Shape                []int
	PredForm, TargetForm string
	Beta                 float64
	Inputs               [][]float64
	Out                  []float64
	Gradients            [][]float64
	Vectors, Products    [][]float64
}

func goldenDivergences(t *testing.T) []goldenDivergence {
	t.Helper()
	var cases []goldenDivergence
	decodeGolden(t, "divergences", &cases)
	if len(cases) != 56 {
		t.Fatalf("%d cases, expected 56", len(cases))
	}
	return cases
}

// build calls the case's function.
func (c goldenDivergence) build(in G.Nodes, opts ...Option) (*G.Node, error) {
	if c.PredForm != "" {
		opts = append(opts, WithPredForm(formNames[c.PredForm]), WithTargetForm(formNames[c.TargetForm]))
	}
	switch c.Name {
	case "JSDivLoss":
		return JSDivLoss(in[0], in[1], c.Beta, opts...)
	case "SymmetricKL":
		return SymmetricKL(in[0], in[1], opts...)
	case "GaussianKL":
		return GaussianKL(in[0], in[1], opts...)
	}
	return GaussianKLFrom(in[0], in[1], in[2], in[3], opts...)
}

func (c goldenDivergence) nodes(t *testing.T, dtype tensor.Dtype, layout string) G.Nodes {
	t.Helper()
	g := G.NewGraph()
	var in G.Nodes
	for i, x := range c.Inputs {
		in = append(in, inputOf(g, fmt.Sprintf("input %d", i), layouts(t, dtype, x, c.Shape[0], c.Shape[1])[layout]))
	}
	return in
}

// TestGoldenDivergences holds values, gradients and Hessian-vector products to PyTorch's,
// on both machines, in both dtypes, from dense and from strided input.
func TestGoldenDivergences(t *testing.T) {
	tolerances := map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 2e-5}
	for _, c := range goldenDivergences(t) {
		for _, dtype := range dtypes {
			for _, layout := range []string{"row-major", "column slice"} {
				t.Run(fmt.Sprintf("%s β=%v %s‖%s/%v/%s", c.Name, c.Beta, c.PredForm, c.TargetForm, dtype, layout), func(t *testing.T) {
					c.check(t, dtype, layout, tolerances[dtype])
				})
			}
		}
	}
}

func (c goldenDivergence) check(t *testing.T, dtype tensor.Dtype, layout string, tolerance float64) {
	in := c.nodes(t, dtype, layout)
	loss := must(t)(c.build(in, WithReduction(ReductionPerDistribution)))
	cost := scalarCost(t, loss)
	var v G.Nodes
	for i, x := range c.Vectors {
		v = append(v, input(cost.Graph(), fmt.Sprintf("v %d", i), dtype, x, c.Shape...))
	}
	products := mustAll(t)(HessianVectorProduct(cost, in, v))
	got := runTape(t, append(append(G.Nodes{loss}, mustAll(t)(Grad(cost, in...))...), products...)...)
	assertClose(t, "divergence", got[0], c.Out, tolerance)
	for i := range in {
		assertClose(t, fmt.Sprintf("gradient %d", i), got[1+i], c.Gradients[i], tolerance)
		assertClose(t, fmt.Sprintf("product %d", i), got[1+len(in)+i], c.Products[i], 10*tolerance)
	}
	in = c.nodes(t, dtype, layout)
	theirs := runTape(t, mustAll(t)(G.Grad(scalarCost(t, must(t)(c.build(in, WithReduction(ReductionPerDistribution)))), in...))...)
	for i := range in {
		assertClose(t, fmt.Sprintf("gorgonia.Grad %d", i), theirs[i], c.Gradients[i], tolerance)
	}
	in = c.nodes(t, dtype, layout)
	lisp := runLisp(t, scalarCost(t, must(t)(c.build(in, WithReduction(ReductionPerDistribution)))), in...)
	for i := range in {
		assertClose(t, fmt.Sprintf("LispMachine %d", i), lisp[i], c.Gradients[i], tolerance)
	}
}

// TestDivergencesByDifferences checks first and second derivatives under every
// reduction, along any axis, with weights.
func TestDivergencesByDifferences(t *testing.T) {
	r := rand.New(rand.NewPCG(71, 72))
	for _, name := range []string{"JSDivLoss", "SymmetricKL", "GaussianKL"} {
		for _, reduction := range reductions {
			t.Run(fmt.Sprintf("%s/%v", name, reduction), func(t *testing.T) {
				shape := []int{2, 3, 4}
				axis := r.IntN(3)
				c := goldenDivergence{Name: name, Beta: 0.3, PredForm: "logits", TargetForm: "logits"}
				if name == "GaussianKL" {
					c.PredForm = ""
				}
				weight := inForm(r, Probs, 3)
				batchAxis := 1
				if axis == batchAxis {
					axis = 2
				}
				upstream := random(r, volume(shape))
				function{
					shapes: [][]int{shape, shape},
					point:  [][]float64{random(r, volume(shape)), random(r, volume(shape))},
					build: func(in G.Nodes) (*G.Node, error) {
						w := input(in[0].Graph(), "weight", tensor.Float64, weight, 3)
						loss, err := c.build(in, WithReduction(reduction), WithAxis(axis), WithBatchAxis(batchAxis), WithSampleWeight(w), WithWeight(1.5))
						if err != nil || loss.IsScalar() {
							return loss, err
						}
						u := input(in[0].Graph(), "upstream", tensor.Float64, upstream[:volume(loss.Shape())], loss.Shape()...)
						return G.Sum(G.Must(G.HadamardProd(loss, u)))
					},
				}.check(t, r, 1e-6)
			})
		}
	}
}

// TestDivergenceErrors holds errors to name the function, the argument, what was found
// and what was expected.
func TestDivergenceErrors(t *testing.T) {
	g := G.NewGraph()
	x, y := zeros(g, "x", tensor.Float64, 2, 3), zeros(g, "y", tensor.Float64, 2, 3)
	other, narrow := zeros(g, "other", tensor.Float64, 3, 2), zeros(g, "narrow", tensor.Float32, 2, 3)
	foreign := zeros(G.NewGraph(), "foreign", tensor.Float64, 2, 3)
	for _, c := range []struct {
		name  string
		build func() (*G.Node, error)
		is    error
		want  string
	}{
		{"beta above", func() (*G.Node, error) { return JSDivLoss(x, y, 1.5) }, ErrOption, "JSDivLoss: beta is 1.5, expected a number from 0 to 1"},
		{"beta NaN", func() (*G.Node, error) { return JSDivLoss(x, y, math.NaN()) }, ErrOption, "beta is NaN"},
		{"epsilon", func() (*G.Node, error) { return JSDivLoss(x, y, 0.5, WithEpsilon(1e-9)) }, ErrOption, "JSDivLoss: epsilon is 1e-09, expected 0"},
		{"shape", func() (*G.Node, error) { return JSDivLoss(x, other, 0.5) }, ErrShape, "JSDivLoss: target has shape (3, 2), expected (2, 3) as pred has"},
		{"reverse shape", func() (*G.Node, error) { return JSDivLoss(x, other, 1) }, ErrShape, "JSDivLoss: target has shape (3, 2), expected (2, 3) as pred has"},
		{"nil", func() (*G.Node, error) { return SymmetricKL(x, nil) }, ErrNilNode, "SymmetricKL: target is nil"},
		{"symmetric epsilon", func() (*G.Node, error) { return SymmetricKL(x, y, WithEpsilon(1e-9)) }, ErrOption, "SymmetricKL: epsilon"},
		{"dtype", func() (*G.Node, error) { return GaussianKL(x, narrow) }, ErrDtype, "GaussianKL: logvar is float32, expected float64 as mean is"},
		{"form", func() (*G.Node, error) { return GaussianKL(x, y, WithPredForm(Logits)) }, ErrOption, "GaussianKL: the pred form Logits is given, expected none"},
		{"prior's shape", func() (*G.Node, error) { return GaussianKLFrom(x, y, x, other) }, ErrShape, "GaussianKLFrom: priorLogvar has shape (3, 2), expected (2, 3) as mean has"},
		{"prior's graph", func() (*G.Node, error) { return GaussianKLFrom(x, y, foreign, y) }, ErrGraph, "priorMean and mean belong to two graphs"},
		{"prior nil", func() (*G.Node, error) { return GaussianKLFrom(x, y, nil, y) }, ErrNilNode, "priorMean is nil"},
	} {
		_, err := c.build()
		if !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected an error with %q", c.name, err, c.want)
		}
	}
}
