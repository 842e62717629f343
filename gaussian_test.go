package kldivloss

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// priors are arguments of GaussianKLFrom and their divergence, by its formula.
type priors [4][]float64

func (p priors) want() float64 {
	sum := 0.0
	for i := range p[0] {
		shift, relative := p[0][i]-p[2][i], p[1][i]-p[3][i]
		sum += (shift*shift*math.Exp(-p[3][i]) + math.Expm1(relative) - relative) / 2
	}
	return sum
}

var somePriors = priors{{0.1, 0.2, -0.3, 0.4}, {0.5, -0.6, 0.7, 0.8}, {1, 2, -1, 0.5}, {0.3, -0.2, 0.1, -0.4}}

func (p priors) nodes(g *G.ExprGraph, dtype tensor.Dtype) G.Nodes {
	var in G.Nodes
	for i, x := range p {
		in = append(in, input(g, fmt.Sprintf("%v %d", dtype, i), dtype, x, 2, 2))
	}
	return in
}

// TestGaussianKLFromLeavesInputs: whoever shares an argument's memory keeps its numbers, as
// Gorgonia's arithmetic would not let it, also in a second run.
func TestGaussianKLFromLeavesInputs(t *testing.T) {
	for which := range somePriors {
		g := G.NewGraph()
		in := somePriors.nodes(g, tensor.Float64)
		flat := input(g, "flat", tensor.Float64, somePriors[which], 4)
		in[which] = G.Must(G.Reshape(flat, tensor.Shape{2, 2}))
		loss := must(t)(GaussianKLFrom(in[0], in[1], in[2], in[3], WithReduction(ReductionSum)))
		got := runTape(t, loss, G.Must(G.Sum(flat)))
		assertClose(t, fmt.Sprintf("divergence, argument %d reshaped", which), got[0], []float64{somePriors.want()}, 1e-14)
		sum := 0.0
		for _, x := range somePriors[which] {
			sum += x
		}
		assertClose(t, fmt.Sprintf("sum of argument %d", which), got[1], []float64{sum}, 1e-14)
		assertClose(t, fmt.Sprintf("argument %d afterwards", which), numbers(t, flat.Value()), somePriors[which], 0)
	}
}

// TestGaussianKLFromConstants: any argument but not all may be constants of no graph.
func TestGaussianKLFromConstants(t *testing.T) {
	for constants := range 1 << 4 {
		g := G.NewGraph()
		in := somePriors.nodes(g, tensor.Float64)
		var variables G.Nodes
		for i := range in {
			if constants>>i&1 == 1 {
				in[i] = G.NewConstant(dense(tensor.Float64, somePriors[i], 2, 2), G.WithName(fmt.Sprintf("constant %d", i)))
			} else {
				variables = append(variables, in[i])
			}
		}
		loss, err := GaussianKLFrom(in[0], in[1], in[2], in[3], WithReduction(ReductionSum))
		if len(variables) == 0 {
			if !errors.Is(err, ErrGraph) {
				t.Errorf("all constants: %v, expected ErrGraph", err)
			}
			continue
		}
		got := runTape(t, append(G.Nodes{must(t)(loss, err)}, mustAll(t)(Grad(loss, variables...))...)...)
		assertClose(t, fmt.Sprintf("constants %04b", constants), got[0], []float64{somePriors.want()}, 1e-14)
	}
}

// TestGaussianKLFromDtypes: one graph may hold both.
func TestGaussianKLFromDtypes(t *testing.T) {
	g := G.NewGraph()
	var losses G.Nodes
	for _, dtype := range dtypes {
		in := somePriors.nodes(g, dtype)
		losses = append(losses, must(t)(GaussianKLFrom(in[0], in[1], in[2], in[3], WithReduction(ReductionSum))))
	}
	for i, got := range runTape(t, losses...) {
		assertClose(t, dtypes[i].String(), got, []float64{somePriors.want()}, 1e-6)
	}
}

// TestGaussianKLFromGraphs: two graphs are found behind a constant of none.
func TestGaussianKLFromGraphs(t *testing.T) {
	in := somePriors.nodes(G.NewGraph(), tensor.Float64)
	foreign := somePriors.nodes(G.NewGraph(), tensor.Float64)
	constant := G.NewConstant(dense(tensor.Float64, somePriors[0], 2, 2))
	_, err := GaussianKLFrom(constant, in[1], foreign[2], in[3])
	if !errors.Is(err, ErrGraph) || !strings.Contains(err.Error(), "priorMean and logvar belong to two graphs") {
		t.Errorf("%v, expected the two that are in two graphs", err)
	}
}

// TestGaussianOptions: every option that a Gaussian has no use for is named.
func TestGaussianOptions(t *testing.T) {
	g := G.NewGraph()
	in := somePriors.nodes(g, tensor.Float64)
	for want, option := range map[string]Option{
		"pred form Probs": WithPredForm(Probs), "target form Logits": WithTargetForm(Logits), "epsilon 1e-09": WithEpsilon(1e-9),
		"temperature 2": WithTemperature(2, false), "WithTargetGrad(false)": WithTargetGrad(false),
	} {
		_, standard := GaussianKL(in[0], in[1], option)
		_, from := GaussianKLFrom(in[0], in[1], in[2], in[3], option)
		for _, err := range []error{standard, from} {
			if !errors.Is(err, ErrOption) || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, expected an error with %q", err, want)
			}
		}
	}
}

// TestGaussianDefault is a value for each distribution.
func TestGaussianDefault(t *testing.T) {
	g := G.NewGraph()
	loss := must(t)(GaussianKL(zeros(g, "m", tensor.Float64, 4, 3), zeros(g, "l", tensor.Float64, 4, 3)))
	if !slices.Equal(loss.Shape(), tensor.Shape{4}) {
		t.Errorf("shape %v, want (4)", loss.Shape())
	}
}
