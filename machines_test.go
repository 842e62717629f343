package kldivloss

import (
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestMachinesOnLayouts binds strided tensors to the inputs and lets both
// machines differentiate: LispMachine adds to gradients laid out like the inputs.
func TestMachinesOnLayouts(t *testing.T) {
	const rows, cols = 3, 4
	r := rand.New(rand.NewPCG(31, 32))
	data, other := random(r, rows*cols), random(r, rows*cols)
	build := func(layout string) (x, y, cost *G.Node) {
		g := G.NewGraph()
		x = inputOf(g, "x", layouts(t, tensor.Float64, data, rows, cols)[layout])
		y = inputOf(g, "y", layouts(t, tensor.Float64, other, rows, cols)[layout])
		cost = must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(Logits), WithReduction(ReductionBatchMean)))
		return x, y, cost
	}
	x, y, cost := build("row-major")
	want := runTape(t, mustAll(t)(G.Grad(cost, x, y))...)
	for layout := range layouts(t, tensor.Float64, data, rows, cols) {
		t.Run(layout, func(t *testing.T) {
			x, y, cost := build(layout)
			got := runTape(t, mustAll(t)(G.Grad(cost, x, y))...)
			x, y, cost = build(layout)
			lisp := runLisp(t, cost, x, y)
			for i := range want {
				assertClose(t, "TapeMachine", got[i], want[i], 1e-15)
				assertClose(t, "LispMachine", lisp[i], want[i], 1e-15)
			}
		})
	}
}

// TestConstants gives constants no gradient on either machine, and a constant's
// gradient is an error.
func TestConstants(t *testing.T) {
	for _, constantTarget := range []bool{true, false} {
		g := G.NewGraph()
		x := input(g, "x", tensor.Float64, []float64{0.1, 0.2, 0.7}, 1, 3)
		c := G.NewConstant(dense(tensor.Float64, []float64{0.2, 0.3, 0.5}, 1, 3))
		pred, target := x, c
		if !constantTarget {
			pred, target = c, x
		}
		cost := must(t)(KLDivLoss(pred, target, WithPredForm(Probs), WithReduction(ReductionSum)))
		before := len(g.AllNodes())
		grad := mustAll(t)(G.Grad(cost, x))[0]
		if built := len(g.AllNodes()) - before; built > 2 { // the gradient and gorgonia.Grad's constant 1
			t.Errorf("%d nodes for one gradient", built)
		}
		tape := runTape(t, grad)

		g2 := G.NewGraph()
		x2 := input(g2, "x", tensor.Float64, []float64{0.1, 0.2, 0.7}, 1, 3)
		pred, target = x2, c
		if !constantTarget {
			pred, target = c, x2
		}
		lisp := runLisp(t, must(t)(KLDivLoss(pred, target, WithPredForm(Probs), WithReduction(ReductionSum))), x2)
		assertClose(t, "LispMachine", lisp[0], tape[0], 1e-15)
		if _, err := Grad(cost, c); err == nil {
			t.Error("the gradient of a constant gives no error")
		}
	}
}

// TestTargetGradOff builds nothing for a target that is held constant.
func TestTargetGradOff(t *testing.T) {
	nodes := func(opts ...Option) int {
		g := G.NewGraph()
		x := zeros(g, "x", tensor.Float64, 2, 3)
		y := zeros(g, "y", tensor.Float64, 2, 3)
		cost := must(t)(KLDivLoss(x, y, append(opts, WithReduction(ReductionSum))...))
		mustAll(t)(G.Grad(cost, x))
		return len(g.AllNodes())
	}
	if with, without := nodes(), nodes(WithTargetGrad(false)); without != with-1 {
		t.Errorf("%d nodes with the target's gradient, %d without", with, without)
	}
}

// although their axis is not the last, unlike the result's.
func TestClassesAlongTheFirstAxis(t *testing.T) {
	const rows, cols = 12, 3
	r := rand.New(rand.NewPCG(51, 52))
	data, other := random(r, rows*cols), inForm(r, Probs, rows*cols)
	for _, targetForm := range forms {
		build := func(layout string) [][]float64 {
			g := G.NewGraph()
			x := inputOf(g, "x", layouts(t, tensor.Float64, data, rows, cols)[layout])
			y := inputOf(g, "y", layouts(t, tensor.Float64, other, rows, cols)[layout])
			v := inputOf(g, "v", layouts(t, tensor.Float64, other, rows, cols)[layout])
			cost := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(targetForm), WithAxis(0), WithBatchAxis(1), WithReduction(ReductionBatchMean)))
			grads := mustAll(t)(Grad(cost, x, y))
			hv := mustAll(t)(HessianVectorProduct(cost, G.Nodes{x}, G.Nodes{v}))
			return runTape(t, cost, grads[0], grads[1], hv[0])
		}
		want := build("row-major")
		for layout := range layouts(t, tensor.Float64, data, rows, cols) {
			for i, got := range build(layout) {
				assertClose(t, targetForm.String()+" "+layout, got, want[i], 1e-13)
			}
		}
	}
}
