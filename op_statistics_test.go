package kldivloss

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestStatistics holds losses wide enough for statistics, and their gradients on both
// machines, to the sum of the elements, each of which is computed without.
func TestStatistics(t *testing.T) {
	const rows, cols = 5, 24
	r := rand.New(rand.NewPCG(91, 92))
	weight := []float64{1, 0, 2, 0.5, 3}
	for _, dtype := range dtypes {
		for _, targetForm := range []Form{Probs, Logits} {
			pred, target := random(r, rows*cols), inForm(r, targetForm, rows*cols)
			build := func(layout string, reduction Reduction) (x, y, cost *G.Node) {
				g := G.NewGraph()
				x = inputOf(g, "x", layouts(t, dtype, pred, rows, cols)[layout])
				y = inputOf(g, "y", layouts(t, dtype, target, rows, cols)[layout])
				w := input(g, "w", dtype, weight, rows)
				loss := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(targetForm), WithSampleWeight(w), WithReduction(reduction)))
				return x, y, scalarCost(t, loss)
			}
			x, y, cost := build("row-major", ReductionNone)
			want := runTape(t, append(mustAll(t)(G.Grad(cost, x, y)), cost)...)
			tolerance := map[tensor.Dtype]float64{tensor.Float64: 1e-14, tensor.Float32: 1e-6}[dtype]
			for layout := range layouts(t, dtype, pred, rows, cols) {
				for _, reduction := range []Reduction{ReductionSum, ReductionPerDistribution} {
					t.Run(fmt.Sprintf("%v/%v/%s/%v", dtype, targetForm, layout, reduction), func(t *testing.T) {
						x, y, cost := build(layout, reduction)
						if !slices.ContainsFunc(x.Graph().AllNodes(), isStatistics) {
							t.Fatal("the loss has no statistics")
						}
						got := runTape(t, append(mustAll(t)(G.Grad(cost, x, y)), cost)...)
						x, y, cost = build(layout, reduction)
						ours := runTape(t, mustAll(t)(Grad(cost, x, y))...)
						x, y, cost = build(layout, reduction)
						lisp := runLisp(t, cost, x, y)
						for i := range want {
							assertClose(t, fmt.Sprintf("gorgonia.Grad %d", i), got[i], want[i], tolerance)
						}
						for i := range 2 {
							assertClose(t, fmt.Sprintf("Grad %d", i), ours[i], want[i], tolerance)
							assertClose(t, fmt.Sprintf("LispMachine %d", i), lisp[i], want[i], tolerance)
						}
					})
				}
			}
		}
	}
}

func isStatistics(n *G.Node) bool {
	_, is := n.Op().(statisticsOp)
	return is
}

// TestStatisticsWhereAsked holds a loss to compute none until a gradient is asked for, and to
// the same value, to the bit, with and without.
func TestStatisticsWhereAsked(t *testing.T) {
	const rows, cols = 5, 24
	r := rand.New(rand.NewPCG(97, 98))
	pred, target := random(r, rows*cols), inForm(r, Probs, rows*cols)
	build := func() (x, cost *G.Node) {
		g := G.NewGraph()
		x = input(g, "x", tensor.Float64, pred, rows, cols)
		y := input(g, "y", tensor.Float64, target, rows, cols)
		return x, must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetGrad(false), WithReduction(ReductionSum)))
	}
	count := func(g *G.ExprGraph) int {
		nodes := g.AllNodes()
		return nodes[slices.IndexFunc(nodes, isStatistics)].Value().Size()
	}
	const all = rows * kernel.StatisticsSize

	x, cost := build()
	want := runTape(t, cost)
	if n := count(x.Graph()); n != 1 {
		t.Errorf("%d statistics of a loss alone", n)
	}

	x, cost = build()
	got := runTape(t, append(mustAll(t)(G.Grad(cost, x)), cost)...)
	if n := count(x.Graph()); n != 1 {
		t.Errorf("%d statistics of a loss that is written with its gradient", n)
	}
	assertClose(t, "loss with its gradient", got[1], want[0], 0)

	x, cost = build()
	gradient := mustAll(t)(G.Grad(timesOne(t, cost), x))[0]
	unforeseen := runTape(t, gradient, cost)
	if n := count(x.Graph()); n != all {
		t.Errorf("%d statistics of a loss with a gradient that is not foreseen, want %d", n, all)
	}
	assertClose(t, "loss with statistics", unforeseen[1], want[0], 0)
	assertClose(t, "gradient of statistics", unforeseen[0], got[0], 0)

	x, cost = build()
	for run, size := range []int{1, all} {
		lisp := runLisp(t, cost, x)
		if n := count(x.Graph()); n != size {
			t.Errorf("LispMachine, run %d: %d statistics, want %d", run, n, size)
		}
		assertClose(t, "LispMachine", numbers(t, cost.Value()), want[0], 0)
		for i, g := range got[0] { // the machine adds the runs' gradients
			if sum := float64(run+1) * g; lisp[0][i] != sum {
				t.Errorf("LispMachine, run %d: ∂pred %d is %v, want %v", run, i, lisp[0][i], sum)
			}
		}
	}
}

// TestStatisticsAreNumbers lets a machine watch for NaN beside rows that no kernel takes, whose
// losses and gradients are numbers.
func TestStatisticsAreNumbers(t *testing.T) {
	const rows, cols = 4, 24
	never := math.Inf(-1)
	for _, dtype := range dtypes {
		for _, form := range []Form{Probs, LogProbs, Logits} {
			for name, change := range map[string]func(pred, target []float64){
				"far logit": func(pred, _ []float64) { pred[0] = 1e30 },
				"empty target": func(_, target []float64) {
					for i := range cols {
						target[i] = map[Form]float64{Probs: 0, LogProbs: never, Logits: target[i]}[form]
					}
				},
			} {
				r := rand.New(rand.NewPCG(99, 100))
				pred, target := random(r, rows*cols), inForm(r, form, rows*cols)
				change(pred, target)
				g := G.NewGraph()
				x, y := input(g, "x", dtype, pred, rows, cols), input(g, "y", dtype, target, rows, cols)
				cost := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(form), WithReduction(ReductionSum)))
				mustAll(t)(G.Grad(timesOne(t, cost), x)) // else nobody reads them
				vm := G.NewTapeMachine(g, G.WithNaNWatch())
				if err := vm.RunAll(); err != nil {
					t.Errorf("%v, %v, %s: %v", dtype, form, name, err)
				}
				vm.Close()
			}
		}
	}
}

// TestStatisticsTakeLittleMemory holds narrow losses, and those whose gradient nobody
// can ask for, to one node.
func TestStatisticsTakeLittleMemory(t *testing.T) {
	for _, c := range []struct {
		dtype         tensor.Dtype
		rows, classes int
		constant      bool
		want          bool
	}{
		{tensor.Float64, 2, 7, false, false}, {tensor.Float64, 2, 8, false, true},
		{tensor.Float32, 2, 15, false, false}, {tensor.Float32, 2, 16, false, true},
		{tensor.Float32, 127, 2, false, false}, {tensor.Float32, 128, 2, false, true},
		{tensor.Float32, 1 << 14, 2, false, true}, {tensor.Float32, 1<<14 + 1, 2, false, false},
		{tensor.Float64, 2, 8, true, false},
	} {
		g := G.NewGraph()
		x := zeros(g, "x", c.dtype, c.rows, c.classes)
		y := G.NewConstant(x.Value())
		if c.constant {
			x, y = y, x
		}
		must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetGrad(false)))
		if got := slices.ContainsFunc(g.AllNodes(), isStatistics); got != c.want {
			t.Errorf("%+v: statistics %t", c, got)
		}
	}
}
