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

// masking is a batch of sequences with a mask, whose dropped distributions hold garbage.
type masking struct {
	shape                []int // samples, time, classes
	pred, target         []float64
	cleanPred, cleanTerm []float64 // without garbage
	mask, weight         []float64
}

func newMasking(r *rand.Rand, targetForm Form, classes int, mask []float64) masking {
	m := masking{shape: []int{3, 2, classes}, mask: mask, weight: []float64{0.5, 2, 1}}
	n := volume(m.shape)
	m.cleanPred, m.cleanTerm = random(r, n), inForm(r, targetForm, n)
	m.pred, m.target = append([]float64(nil), m.cleanPred...), append([]float64(nil), m.cleanTerm...)
	garbage := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e30}
	for i := range m.pred {
		if mask[i/classes] == 0 {
			m.pred[i], m.target[i] = garbage[i%4], garbage[(i+1)%4]
		}
	}
	return m
}

// coefficients are what each distribution's divergence counts in a reduction, by the
// options' documentation.
func (m masking) coefficients(reduction Reduction, weighted bool) []float64 {
	classes := float64(m.shape[2])
	kept, keptSamples, total := 0.0, 0.0, 0.0
	perSample := make([]float64, 3)
	for i, keep := range m.mask {
		if keep == 0 {
			continue
		}
		if perSample[i/2] == 0 {
			keptSamples++
		}
		kept++
		perSample[i/2]++
		if weighted {
			total += m.weight[i/2]
		} else {
			total++
		}
	}
	c := make([]float64, len(m.mask))
	for i, keep := range m.mask {
		if keep == 0 {
			continue
		}
		divisor := map[Reduction]float64{
			ReductionPerSample: perSample[i/2] * classes, ReductionNone: 1, ReductionSum: 1, ReductionPerDistribution: 1,
			ReductionMean: kept * classes, ReductionBatchMean: keptSamples, ReductionDistributionMean: kept, ReductionWeightedMean: total,
		}[reduction]
		c[i] = 1 / divisor
		if weighted {
			c[i] *= m.weight[i/2]
		}
	}
	return c
}

// TestMask holds the loss, its gradients and its Hessian-vector product, under every
// reduction, to those of the clean distributions, each times what the reduction makes of
// it: the garbage reaches nothing.
func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(81, 82))
	masks := map[string][]float64{"some": {1, 0, 0, 0, 1, 1}, "all": {1, 1, 1, 1, 1, 1}, "none": {0, 0, 0, 0, 0, 0}}
	for name, mask := range masks {
		for _, targetForm := range []Form{Probs, Logits} {
			for _, classes := range []int{3, 20} { // without statistics, and with
				m := newMasking(r, targetForm, classes, mask)
				v := random(r, volume(m.shape))
				for _, reduction := range append(reductions, ReductionWeightedMean) {
					for _, weighted := range []bool{false, true} {
						for _, dtype := range dtypes {
							t.Run(fmt.Sprintf("%s/%v/%d/%v/weighted=%t/%v", name, targetForm, classes, reduction, weighted, dtype), func(t *testing.T) {
								m.check(t, dtype, targetForm, reduction, weighted, v)
							})
						}
					}
				}
			}
		}
	}
}

func (m masking) check(t *testing.T, dtype tensor.Dtype, targetForm Form, reduction Reduction, weighted bool, v []float64) {
	forms := []Option{WithFromLogits(false), WithTargetForm(targetForm)}
	clean := G.NewGraph()
	x, y := input(clean, "x", dtype, m.cleanPred, m.shape...), input(clean, "y", dtype, m.cleanTerm, m.shape...)
	each := must(t)(KLDivLoss(x, y, append(forms, WithReduction(ReductionPerDistribution))...))
	coefficients := input(clean, "c", dtype, m.coefficients(reduction, weighted), m.shape[:2]...)
	want := m.derivatives(t, G.Must(G.Sum(G.Must(G.HadamardProd(each, coefficients)))), x, y, v, dtype)

	build := func() (cost, x, y *G.Node) {
		g := G.NewGraph()
		x, y = input(g, "x", dtype, m.pred, m.shape...), input(g, "y", dtype, m.target, m.shape...)
		opts := append(forms, WithReduction(reduction), WithMask(input(g, "mask", dtype, m.mask, m.shape[:2]...)))
		if weighted {
			opts = append(opts, WithSampleWeight(input(g, "weight", dtype, m.weight, 3)))
		}
		return scalarCost(t, must(t)(KLDivLoss(x, y, opts...))), x, y
	}
	cost, x, y := build()
	got := m.derivatives(t, cost, x, y, v, dtype)
	cost, x, y = build()
	lisp := runLisp(t, cost, x, y)
	tolerance := map[tensor.Dtype]float64{tensor.Float64: 1e-13, tensor.Float32: 2e-5}[dtype]
	for i, what := range []string{"loss", "∂pred", "∂target", "Hessian-vector product"} {
		assertClose(t, what, got[i], want[i], tolerance)
	}
	assertClose(t, "LispMachine ∂pred", lisp[0], want[1], tolerance)
	assertClose(t, "LispMachine ∂target", lisp[1], want[2], tolerance)
}

// derivatives are the cost, its gradients and a Hessian-vector product in pred.
func (m masking) derivatives(t *testing.T, cost, x, y *G.Node, v []float64, dtype tensor.Dtype) [][]float64 {
	t.Helper()
	product := mustAll(t)(HessianVectorProduct(cost, G.Nodes{x}, G.Nodes{input(cost.Graph(), "v", dtype, v, m.shape...)}))
	return runTape(t, append(append(G.Nodes{cost}, mustAll(t)(Grad(cost, x, y))...), product...)...)
}

// TestMaskDifferences checks masked derivatives along every axis, and JSDivLoss's.
func TestMaskDifferences(t *testing.T) {
	r := rand.New(rand.NewPCG(83, 84))
	for axis, maskShape := range [][]int{{4, 9}, {3, 9}, {3, 4}} {
		mask := make([]float64, volume(maskShape))
		for i := range mask {
			mask[i] = float64(i % 2)
		}
		for _, beta := range []float64{0, 0.4} {
			shape := []int{3, 4, 9}
			function{
				shapes: [][]int{shape, shape},
				point:  [][]float64{random(r, volume(shape)), random(r, volume(shape))},
				build: func(in G.Nodes) (*G.Node, error) {
					m := input(in[0].Graph(), "mask", tensor.Float64, mask, maskShape...)
					return JSDivLoss(in[0], in[1], beta, WithFromLogits(false), WithTargetForm(Logits), WithMask(m), WithAxis(axis), WithReduction(ReductionDistributionMean))
				},
			}.check(t, r, 1e-6)
		}
	}
}

// TestMaskErrors are at graph-building time, and of RunAll for values.
func TestMaskErrors(t *testing.T) {
	g := G.NewGraph()
	x, y := zeros(g, "x", tensor.Float64, 2, 3), zeros(g, "y", tensor.Float64, 2, 3)
	vector := zeros(g, "vector", tensor.Float64, 3)
	for _, c := range []struct {
		name string
		opt  []Option
		is   error
		want string
	}{
		{"nil", []Option{WithMask(nil)}, ErrNilNode, "mask is nil"},
		{"shape", []Option{WithMask(zeros(g, "m", tensor.Float64, 3))}, ErrShape, "mask has shape (3), expected (2) as pred without its class axis has"},
		{"dtype", []Option{WithMask(zeros(g, "n", tensor.Float32, 2))}, ErrDtype, "mask is float32, expected float64"},
		{"graph", []Option{WithMask(zeros(G.NewGraph(), "m", tensor.Float64, 2))}, ErrGraph, "mask and pred belong to two graphs"},
		{"weight along the classes", []Option{WithReduction(ReductionWeightedMean), WithSampleWeight(x)}, ErrShape, "sample weight has shape (2, 3) under ReductionWeightedMean"},
	} {
		if _, err := KLDivLoss(x, y, c.opt...); !errors.Is(err, c.is) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, expected an error with %q", c.name, err, c.want)
		}
	}
	if _, err := KLDivLoss(vector, vector, WithMask(x), WithReduction(ReductionSum)); !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), "there is one distribution") {
		t.Errorf("one distribution: %v", err)
	}
	for _, classes := range []int{3, 20} {
		g := G.NewGraph()
		x, y := zeros(g, "x", tensor.Float64, 2, 2, classes), zeros(g, "y", tensor.Float64, 2, 2, classes)
		m := input(g, "m", tensor.Float64, []float64{1, 0, 0.5, 1}, 2, 2)
		must(t)(KLDivLoss(x, y, WithFromLogits(false), WithMask(m)))
		vm := G.NewTapeMachine(g)
		defer vm.Close()
		if err := vm.RunAll(); err == nil || !strings.Contains(err.Error(), "mask has 0.5 at [1 0], expected 0 or 1") {
			t.Errorf("%d classes: %v", classes, err)
		}
	}
}

// TestMaskOnLayouts gives the mask, and pred, in every layout, checked too.
func TestMaskOnLayouts(t *testing.T) {
	r := rand.New(rand.NewPCG(91, 92))
	mask := []float64{1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0}
	pred, target := random(r, 12*5), inForm(r, Logits, 12*5)
	var want [][]float64
	for _, layout := range []string{"row-major", "transposed", "column slice", "row slice", "column-major"} {
		g := G.NewGraph()
		x := inputOf(g, "x", layouts(t, tensor.Float64, pred, 12, 5)[layout])
		y := inputOf(g, "y", layouts(t, tensor.Float64, target, 12, 5)[layout])
		line := input(g, "line", tensor.Float64, mask, 12)
		loss := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(Logits), WithMask(line), WithChecks(true), WithReduction(ReductionDistributionMean)))

		grid := inputOf(g, "grid", layouts(t, tensor.Float64, mask, 3, 4)[layout])
		cube := input(g, "cube", tensor.Float64, pred, 3, 4, 5)
		other := input(g, "other", tensor.Float64, target, 3, 4, 5)
		same := must(t)(KLDivLoss(cube, other, WithFromLogits(false), WithTargetForm(Logits), WithMask(grid), WithReduction(ReductionDistributionMean)))
		got := runTape(t, append(mustAll(t)(G.Grad(loss, x)), loss, same)...)
		if want == nil {
			want = got
		}
		for i := range want {
			assertClose(t, fmt.Sprintf("%s, result %d", layout, i), got[i], want[i], 1e-15)
		}
		assertClose(t, layout+", as a grid", got[2], got[1], 1e-15)
	}
}
