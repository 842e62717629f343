package kldivloss

import (
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// overrunOp is a loss whose kernels are told of twice as many rows as there are: they
// panic in every goroutine that they start. Its classes lie along the first axis, where
// Go checks every index.
type overrunOp struct{ lossOp }

func (op overrunOp) Do(inputs ...G.Value) (G.Value, error) {
	overrun := *op.plan
	overrun.problem.Shape = []int{op.plan.shape[0], 2 * op.plan.shape[1]}
	op.plan = &overrun
	return op.lossOp.Do(inputs...)
}

// TestPanicInAKernelsGoroutine holds a panic in a goroutine that a kernel started to an
// error of RunAll that says what it was. It leaves no goroutine behind, and the machine
// as it was.
func TestPanicInAKernelsGoroutine(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	const classes, rows = 64, 4096 // worth four goroutines
	g := G.NewGraph()
	x, y := zeros(g, "x", tensor.Float64, classes, rows), zeros(g, "y", tensor.Float64, classes, rows)
	p, _, err := newPlan(divergence{}, x, y, []Option{WithAxis(0), WithBatchAxis(1), WithReduction(ReductionSum)})
	if err != nil {
		t.Fatal(err)
	}
	must(t)(G.ApplyOp(overrunOp{newLossOp(p)}, x, y))
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	before := runtime.NumGoroutine()
	for range 20 {
		if err := vm.RunAll(); err == nil || !mentions(err, ErrValue) || !strings.Contains(err.Error(), "out of range") {
			t.Fatalf("RunAll gives %v", err)
		}
		vm.Reset()
	}
	if after := settledGoroutines(before); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

// TestOpsRecover lets a value panic wherever an op reads one.
func TestOpsRecover(t *testing.T) {
	g := G.NewGraph()
	x, y, _ := trainingData(tensor.Float64)
	xn, yn := inputOf(g, "x", x), inputOf(g, "y", y)
	p, _, err := newPlan(divergence{}, xn, yn, []Option{WithFromLogits(false), WithReduction(ReductionSum), WithChecks(true)})
	if err != nil {
		t.Fatal(err)
	}
	if !p.hasStatistics() {
		t.Fatal("a loss without statistics")
	}
	asked := newStatisticsOp(p)
	asked.foreseen.asked.Store(true)
	statistics, err := asked.Do(x, y)
	if err != nil {
		t.Fatal(err)
	}
	foreseeing := newStatisticsOp(p)
	foreseeing.foreseen.asked.Store(true)
	foreseeing.foreseen.ahead[0].Store(true)
	withGradient, err := foreseeing.Do(x, y)
	if err != nil {
		t.Fatal(err)
	}
	one := G.NewF64(1)
	for _, c := range []struct {
		op     G.Op
		values []G.Value
	}{
		{asked, []G.Value{x, y}},
		{newLossOp(p), []G.Value{x, y, statistics}},
		{newVJPOp(p, 0, true), []G.Value{x, y, statistics, one}},
		{newVJPOp(p, 1, true), []G.Value{x, y, withGradient, one}},
		{foreseeing, []G.Value{x, y}},
		{newVJPOp(p, 1, false), []G.Value{x, y, one}},
		{newJVPOp(p, 0), []G.Value{x, y, x}},
		{newHVPOp(p, 0, 1), []G.Value{x, y, one, x}},
	} {
		if _, err := c.op.Do(c.values...); err != nil {
			t.Fatalf("%v: %v", c.op, err)
		}
		for i, good := range c.values {
			bad := append([]G.Value(nil), c.values...)
			d, ok := withoutAhead(good).(*tensor.Dense)
			if !ok {
				d = dense(tensor.Float64, []float64{1}, 1)
			}
			bad[i] = panicking(d)
			if _, err := c.op.Do(bad...); !errors.Is(err, ErrValue) {
				t.Errorf("%v, input %d: %v", c.op, i, err)
			}
		}
	}
}

// TestLispMachineFaults runs a LispMachine on each fault, forwards and backwards, and
// one on good values after it.
func TestLispMachineFaults(t *testing.T) {
	if raceDetector {
		t.Skip("a LispMachine whose run fails races with itself: TestTrapFailedLispMachine")
	}
	build := func() (x, y, cost *G.Node) {
		g := G.NewGraph()
		xv, yv, _ := trainingData(tensor.Float64)
		x, y = inputOf(g, "x", xv), inputOf(g, "y", yv)
		return x, y, must(t)(KLDivLoss(x, y, WithFromLogits(false), WithReduction(ReductionSum)))
	}
	x, y, cost := build()
	want := runLisp(t, cost, x, y)
	for side := range 2 {
		for _, f := range faults(t) {
			t.Run(fmt.Sprintf("%d/%s", side, f.name), func(t *testing.T) {
				x, y, cost := build()
				n := G.Nodes{x, y}[side]
				vm := G.NewLispMachine(cost.Graph())
				defer vm.Close()
				bad := f.value(n.Value().(*tensor.Dense))
				if !cloneable(bad) {
					t.Skip("LispMachine clones every input and ends the process where it cannot")
				}
				bind(n, bad)
				if err := vm.RunAll(); err == nil || f.want != nil && !mentions(err, f.want) {
					t.Errorf("RunAll gives %v, want %v", err, f.want)
				}
				x, y, cost = build() // as the gradient made for the fault stays on the node
				got := runLisp(t, cost, x, y)
				assertClose(t, "∂x", got[0], want[0], 0)
				assertClose(t, "∂y", got[1], want[1], 0)
			})
		}
	}
	t.Run("a gradient that panics", func(t *testing.T) {
		x, y, cost := build()
		runLisp(t, cost, x, y)
		bound(x, "d").Set(reflect.ValueOf(panicking(x.Value().(*tensor.Dense))))
		vm := G.NewLispMachine(cost.Graph())
		defer vm.Close()
		if err := vm.RunAll(); err == nil || !strings.Contains(err.Error(), "hostile value") {
			t.Errorf("RunAll gives %v", err)
		}
	})
}

func cloneable(v G.Value) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	_, err := G.CloneValue(v)
	return err == nil
}
