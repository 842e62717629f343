package kldivloss

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

var (
	forms      = []Form{Probs, LogProbs, Logits}
	reductions = []Reduction{
		ReductionPerSample, ReductionNone, ReductionSum, ReductionMean,
		ReductionBatchMean, ReductionPerDistribution, ReductionDistributionMean,
	}
)

// inForm draws numbers that a form allows, not normalised.
func inForm(r *rand.Rand, form Form, n int) []float64 {
	x := random(r, n)
	if form == Probs {
		for i := range x {
			x[i] = 0.05 + math.Abs(x[i])
		}
	}
	return x
}

func volume(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// TestDerivatives compares both gradients, and the Hessian of both inputs
// together, with central differences for every pair of forms and every
// reduction, over random shapes, axes and sample weights.
func TestDerivatives(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, predForm := range forms {
		for _, targetForm := range forms {
			for _, reduction := range reductions {
				name := fmt.Sprintf("%v %v %v", predForm, targetForm, reduction)
				t.Run(name, func(t *testing.T) {
					for range 3 {
						checkDerivatives(t, r, predForm, targetForm, reduction)
					}
				})
			}
		}
	}
}

func checkDerivatives(t *testing.T, r *rand.Rand, predForm, targetForm Form, reduction Reduction) {
	t.Helper()
	shape := make([]int, 1+r.IntN(4))
	for i := range shape {
		shape[i] = 1 + r.IntN(4)
	}
	axis, batchAxis := r.IntN(len(shape)), r.IntN(len(shape))
	if r.IntN(4) == 0 {
		shape[axis] = 8 + r.IntN(3) // wide enough for statistics
	}
	if reduction == ReductionPerSample || reduction == ReductionBatchMean {
		if len(shape) == 1 {
			shape = append(shape, 3)
		}
		batchAxis = (axis + 1 + r.IntN(len(shape)-1)) % len(shape)
	}
	opts := []Option{
		WithPredForm(predForm), WithTargetForm(targetForm), WithReduction(reduction),
		WithAxis(axis - len(shape)*r.IntN(2)), WithBatchAxis(batchAxis - len(shape)*r.IntN(2)),
		WithWeight(0.5 + r.Float64()),
	}
	if targetForm == Probs && r.IntN(3) == 0 {
		opts = append(opts, WithEpsilon(0.1))
	}
	var weightShape []int
	switch r.IntN(3) {
	case 0:
		weightShape = []int{shape[batchAxis]}
	case 1:
		weightShape = slices.Clone(shape)
		weightShape[r.IntN(len(shape))] = 1
	}
	weight := inForm(r, Probs, volume(weightShape))
	upstream := random(r, volume(shape))
	f := function{
		shapes: [][]int{shape, shape},
		point:  [][]float64{inForm(r, predForm, volume(shape)), inForm(r, targetForm, volume(shape))},
		build: func(in G.Nodes) (*G.Node, error) {
			opts := slices.Clone(opts)
			if weightShape != nil {
				opts = append(opts, WithSampleWeight(input(in[0].Graph(), "weight", tensor.Float64, weight, weightShape...)))
			}
			loss, err := KLDivLoss(in[0], in[1], opts...)
			if err != nil || loss.IsScalar() {
				return loss, err
			}
			u := input(in[0].Graph(), "upstream", tensor.Float64, upstream[:volume(loss.Shape())], loss.Shape()...)
			return G.Sum(G.Must(G.HadamardProd(loss, u)))
		},
	}
	f.check(t, r, 1e-6)
	if t.Failed() {
		t.Fatalf("shape %v, axis %d, batch axis %d, weight %v", shape, axis, batchAxis, weightShape)
	}
}

// TestEachHessianBlock differentiates the gradient of one side with respect to
// the other alone, which the joint product of TestDerivatives only sums.
func TestEachHessianBlock(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 14))
	shape := []int{2, 3}
	for _, predForm := range forms {
		for _, targetForm := range forms {
			t.Run(fmt.Sprintf("%v %v", predForm, targetForm), func(t *testing.T) {
				v := random(r, 6)
				f := function{
					shapes: [][]int{shape, shape},
					point:  [][]float64{inForm(r, predForm, 6), inForm(r, targetForm, 6)},
				}
				for along := range 2 {
					f.build = func(in G.Nodes) (*G.Node, error) {
						loss, err := KLDivLoss(in[0], in[1], WithPredForm(predForm), WithTargetForm(targetForm), WithReduction(ReductionSum))
						if err != nil {
							return nil, err
						}
						grads, err := Grad(loss, in[along])
						if err != nil {
							return nil, err
						}
						direction := input(in[0].Graph(), "v", tensor.Float64, v, shape...)
						return G.Sum(G.Must(G.HadamardProd(grads[0], direction)))
					}
					if err := f.checkGradient(1e-6); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}
