package kldivloss

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// foreseenBy returns the sides whose gradients a graph's statistics are written with.
func foreseenBy(g *G.ExprGraph) (sides int) {
	for _, n := range g.AllNodes() {
		if op, ok := n.Op().(statisticsOp); ok {
			sides += len(op.foreseen.sides())
		}
	}
	return sides
}

// timesOne multiplies a cost by a scalar input that is 1.
func timesOne(t *testing.T, cost *G.Node) *G.Node {
	dtype := cost.Dtype()
	factor := G.NewScalar(cost.Graph(), dtype, G.WithName("factor"), G.WithValue(dense(dtype, []float64{1}, 1).Get(0)))
	return must(t)(G.Mul(cost, factor))
}

// TestAhead holds gradients that are written with the statistics to those of a loss that is
// multiplied by an input, 1, of which nothing can be foreseen: to the bit.
func TestAhead(t *testing.T) {
	const rows, cols = 7, 40
	r := rand.New(rand.NewPCG(93, 94))
	weight, mask := []float64{1, 0, 2, 0.5, 3, 1, 1}, []float64{1, 1, 1, 1, 0, 1, 1}
	for _, dtype := range dtypes {
		for _, form := range []Form{Probs, LogProbs, Logits} {
			pred, target := random(r, rows*cols), inForm(r, form, rows*cols)
			for layout := range layouts(t, dtype, pred, rows, cols) {
				for _, reduction := range []Reduction{ReductionSum, ReductionBatchMean, ReductionWeightedMean} {
					t.Run(fmt.Sprintf("%v/%v/%s/%v", dtype, form, layout, reduction), func(t *testing.T) {
						build := func() (x, y, cost *G.Node) {
							g := G.NewGraph()
							x = inputOf(g, "x", layouts(t, dtype, pred, rows, cols)[layout])
							y = inputOf(g, "y", layouts(t, dtype, target, rows, cols)[layout])
							w, m := input(g, "w", dtype, weight, rows), input(g, "m", dtype, mask, rows)
							return x, y, must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(form), WithSampleWeight(w), WithMask(m), WithReduction(reduction)))
						}
						x, y, cost := build()
						want := runTape(t, mustAll(t)(G.Grad(timesOne(t, cost), x, y))...)
						if n := foreseenBy(x.Graph()); n != 0 {
							t.Errorf("%d gradients of an unknown upstream gradient are foreseen", n)
						}
						for name, grad := range map[string]func(*G.Node, ...*G.Node) (G.Nodes, error){"gorgonia.Grad": G.Grad, "Grad": Grad} {
							x, y, cost = build()
							gradients := mustAll(t)(grad(cost, x, y))
							if n := foreseenBy(x.Graph()); n != 2 {
								t.Errorf("%s: %d gradients are foreseen, want 2", name, n)
							}
							for i, got := range runTape(t, gradients...) {
								assertClose(t, fmt.Sprintf("%s %d", name, i), got, want[i], 0)
							}
						}
					})
				}
			}
		}
	}
}

// TestAheadThroughSums foresees the gradient of a loss that is a term of the cost, and only
// of the sides that are asked for.
func TestAheadThroughSums(t *testing.T) {
	g := G.NewGraph()
	r := rand.New(rand.NewPCG(97, 98))
	x, y := input(g, "x", tensor.Float32, random(r, 40), 2, 20), input(g, "y", tensor.Float32, inForm(r, Probs, 40), 2, 20)
	loss := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithReduction(ReductionBatchMean)))
	cost := must(t)(G.Add(loss, must(t)(G.Sum(must(t)(G.Square(x))))))
	mustAll(t)(Grad(cost, x))
	if n := foreseenBy(g); n != 1 {
		t.Errorf("%d gradients are foreseen, want 1", n)
	}
}

// TestAheadIsNobodyElses writes into the gradients of one run, of two nodes that could both
// take what was written ahead: neither the other nor the next run's may change.
func TestAheadIsNobodyElses(t *testing.T) {
	g := G.NewGraph()
	xv, yv, _ := trainingData(tensor.Float64)
	x, y := inputOf(g, "x", xv), inputOf(g, "y", yv)
	cost := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithReduction(ReductionSum)))
	ours := mustAll(t)(Grad(cost, x))
	other := mustAll(t)(Grad(timesOne(t, cost), x))
	if n := foreseenBy(g); n != 1 || ours[0] == other[0] {
		t.Fatalf("%d gradients are foreseen, or one node has both", n)
	}
	for name, opts := range map[string][]G.VMOpt{
		"plain": nil, "traced": {G.TraceExec()}, "watched": {G.WithNaNWatch(), G.WithInfWatch()},
	} {
		t.Run(name, func(t *testing.T) {
			vm := G.NewTapeMachine(g, opts...)
			defer vm.Close()
			var want []float64
			for range 3 {
				if err := vm.RunAll(); err != nil {
					t.Fatal(err)
				}
				for i, n := range (G.Nodes{ours[0], other[0]}) {
					got := numbers(t, n.Value())
					if want == nil {
						want = got
					}
					assertClose(t, fmt.Sprintf("gradient %d", i), got, want, 0)
					clear(n.Value().Data().([]float64))
				}
				vm.Reset()
			}
		})
	}
}

// TestAheadIsTaken holds the gradient to the memory that was written with the statistics,
// unless the upstream gradient is another than was foreseen.
func TestAheadIsTaken(t *testing.T) {
	g := G.NewGraph()
	xv, yv, _ := trainingData(tensor.Float64)
	p, _, err := newPlan(divergence{}, inputOf(g, "x", xv), inputOf(g, "y", yv), []Option{WithFromLogits(false), WithReduction(ReductionSum)})
	if err != nil {
		t.Fatal(err)
	}
	op := newStatisticsOp(p)
	op.foreseen.asked.Store(true)
	op.foreseen.ahead[1].Store(true)
	statistics, err := op.Do(xv, yv)
	if err != nil {
		t.Fatal(err)
	}
	written := statistics.(*ahead).gradients
	if written[0] != nil || written[1] == nil {
		t.Fatalf("gradients %v are written, expected the target's", written)
	}
	gradient := newVJPOp(p, 1, true)
	for upstream, want := range map[float64]bool{2: false, 1: true} {
		got, err := gradient.Do(xv, yv, &ahead{Dense: withoutAhead(statistics).(*tensor.Dense), gradients: written}, G.NewF64(upstream))
		if err != nil {
			t.Fatal(err)
		}
		if taken := got == written[1]; taken != want {
			t.Errorf("upstream gradient %v: taken %t, want %t", upstream, taken, want)
		}
	}
}

// TestAheadLossIsTaken holds the loss to the one that was written with the gradient, once, and to
// the same value after that.
func TestAheadLossIsTaken(t *testing.T) {
	g := G.NewGraph()
	xv, yv, _ := trainingData(tensor.Float64)
	p, _, err := newPlan(divergence{}, inputOf(g, "x", xv), inputOf(g, "y", yv), []Option{WithFromLogits(false), WithReduction(ReductionSum)})
	if err != nil {
		t.Fatal(err)
	}
	op, loss := newStatisticsOp(p), newLossOp(p)
	op.foreseen.ahead[0].Store(true)
	value, err := op.Do(xv, yv)
	if err != nil {
		t.Fatal(err)
	}
	written := value.(*ahead).loss
	if n := value.Size(); written == nil || n != 1 {
		t.Fatalf("the loss that is written is %v, beside %d statistics", written, n)
	}
	want := numbers(t, written)
	for call, taken := range []bool{true, false} {
		got, err := loss.Do(xv, yv, value)
		if err != nil {
			t.Fatal(err)
		}
		if (got == written) != taken {
			t.Errorf("call %d: the loss is taken %t, want %t", call, !taken, taken)
		}
		assertClose(t, "loss", numbers(t, got), want, 0)
	}
}

// TestAheadFollowsValues binds other values between two runs.
func TestAheadFollowsValues(t *testing.T) {
	r := rand.New(rand.NewPCG(95, 96))
	const rows, cols = 3, 20
	draw := func() (x, y []float64) { return random(r, rows*cols), inForm(r, Probs, rows*cols) }
	build := func(xs, ys []float64) (x, y, gradient *G.Node) {
		g := G.NewGraph()
		x, y = input(g, "x", tensor.Float32, xs, rows, cols), input(g, "y", tensor.Float32, ys, rows, cols)
		cost := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithReduction(ReductionSum)))
		return x, y, mustAll(t)(G.Grad(cost, x))[0]
	}
	x, y, gradient := build(draw())
	var got G.Value
	G.Read(gradient, &got)
	vm := G.NewTapeMachine(x.Graph())
	defer vm.Close()
	for run := range 3 {
		xs, ys := draw()
		if err := G.Let(x, dense(tensor.Float32, xs, rows, cols)); err != nil {
			t.Fatal(err)
		}
		if err := G.Let(y, dense(tensor.Float32, ys, rows, cols)); err != nil {
			t.Fatal(err)
		}
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		_, _, fresh := build(xs, ys)
		if want := runTape(t, fresh)[0]; !slices.Equal(numbers(t, got), want) {
			t.Errorf("run %d: %v, want %v", run, numbers(t, got)[:5], want[:5])
		}
		vm.Reset()
	}
}
