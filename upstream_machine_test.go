package kldivloss

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// runs rebinds an input before each run of a machine, and lets reset stand between two.
func runs(t *testing.T, vm G.VM, x *G.Node, values [][]float64, reset func(), each func()) {
	t.Helper()
	for _, v := range values {
		if err := G.Let(x, dense(tensor.Float64, v, x.Shape()...)); err != nil {
			t.Fatal(err)
		}
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		each()
		reset()
	}
}

func costOfTwo(t *testing.T) (x, cost *G.Node) {
	g := G.NewGraph()
	x = zeros(g, "x", tensor.Float64, 1, 2)
	target := input(g, "target", tensor.Float64, []float64{0.25, 0.75}, 1, 2)
	return x, must(t)(KLDivLoss(G.Must(G.Log(x)), target, WithReduction(ReductionSum)))
}

// The divergences of (1/4, 3/4) from (1/2, 1/2) and from itself.
var (
	twoPoints = [][]float64{{0.5, 0.5}, {0.25, 0.75}}
	twoLosses = []float64{0.13081203594113694, 0}
)

// TestTrapRunAllWithoutReset: RunAll without Reset does nothing the second time.
func TestTrapRunAllWithoutReset(t *testing.T) {
	losses := func(reset func(G.VM)) (found []float64) {
		x, cost := costOfTwo(t)
		var v G.Value
		G.Read(cost, &v)
		vm := G.NewTapeMachine(cost.Graph())
		defer vm.Close()
		runs(t, vm, x, twoPoints, func() { reset(vm) }, func() { found = append(found, numbers(t, v)...) })
		return found
	}
	got := losses(func(G.VM) {})
	stillBites(t, same(got, []float64{twoLosses[0], twoLosses[0]}), "RunAll without Reset runs again")
	assertClose(t, "with Reset", losses(G.VM.Reset), twoLosses, 1e-15)
}

// TestTrapResetOfLispMachine: LispMachine's Reset re-runs only the last node. Take one
// machine a step.
func TestTrapResetOfLispMachine(t *testing.T) {
	x, cost := costOfTwo(t)
	vm := G.NewLispMachine(cost.Graph())
	defer vm.Close()
	var got []float64
	runs(t, vm, x, twoPoints, vm.Reset, func() { got = append(got, numbers(t, cost.Value())...) })
	stillBites(t, same(got, []float64{twoLosses[0], twoLosses[0]}), "LispMachine's Reset runs the whole graph again")

	for i, point := range twoPoints {
		if err := G.Let(x, dense(tensor.Float64, point, 1, 2)); err != nil {
			t.Fatal(err)
		}
		runLisp(t, cost, x)
		assertClose(t, "a machine a step", numbers(t, cost.Value()), twoLosses[i:i+1], 1e-15)
	}
}

// TestTrapLispMachineOnGrad: LispMachine fails on graphs that hold the nodes of a Grad,
// and leaves a file err.dot behind. It differentiates by itself.
func TestTrapLispMachineOnGrad(t *testing.T) {
	t.Cleanup(func() { os.Remove("err.dot") })
	build := func() (x, cost *G.Node) {
		x, cost = costOfTwo(t)
		if err := G.Let(x, dense(tensor.Float64, twoPoints[0], 1, 2)); err != nil {
			t.Fatal(err)
		}
		return x, cost
	}
	x, cost := build()
	mustAll(t)(G.Grad(cost, x))
	vm := G.NewLispMachine(cost.Graph())
	defer vm.Close()
	err := vm.RunAll()
	stillBites(t, err != nil && strings.Contains(err.Error(), "scalar"), "LispMachine runs graphs with Grad")
	x, cost = build()
	assertClose(t, "a graph without Grad", runLisp(t, cost, x)[0], []float64{-0.5, -1.5}, 1e-15) // −p/q
}

// failingOp is an op whose Do fails.
type failingOp struct{ constantOp }

func (failingOp) Do(...G.Value) (G.Value, error) { return nil, errors.New("failingOp") }

// TestTrapFailedLispMachine: after an error of its forward pass LispMachine goes on
// backwards, in a goroutine that nobody waits for: it races with RunAll's return and is
// blocked forever. A TapeMachine leaves none.
func TestTrapFailedLispMachine(t *testing.T) {
	if raceDetector {
		t.Skip("it races")
	}
	const some = 10
	leaves := func(machine func(*G.ExprGraph) G.VM, settle func(want int) int) int {
		before := 0
		for n := runtime.NumGoroutine(); n != before; n = runtime.NumGoroutine() {
			before = n
			time.Sleep(20 * time.Millisecond) // in which those of tests before this one end
		}
		for range some {
			x := input(G.NewGraph(), "x", tensor.Float64, []float64{1, 2}, 1, 2)
			cost := sumOver(G.Must(G.ApplyOp(failingOp{}, x)))
			vm := machine(cost.Graph())
			if err := vm.RunAll(); err == nil || !strings.Contains(err.Error(), "failingOp") {
				t.Fatalf("RunAll gives %v", err)
			}
			vm.Close()
		}
		return settle(before) - before
	}
	left := leaves(func(g *G.ExprGraph) G.VM { return G.NewLispMachine(g) }, func(int) int { return runtime.NumGoroutine() })
	stillBites(t, left >= some, "a LispMachine whose run fails leaves no goroutine behind")
	if left := leaves(func(g *G.ExprGraph) G.VM { return G.NewTapeMachine(g) }, settledGoroutines); left > 0 {
		t.Errorf("TapeMachine leaves %d goroutines", left)
	}
}

// TestTrapDualValuesAddUp: with BindDualValues gradients add up until a solver zeroes
// them. G.Read of the gradient's node gives each run's own.
func TestTrapDualValuesAddUp(t *testing.T) {
	x, cost := costOfTwo(t)
	grad := mustAll(t)(G.Grad(cost, x))[0]
	var read G.Value
	G.Read(grad, &read)
	vm := G.NewTapeMachine(cost.Graph(), G.BindDualValues(x))
	defer vm.Close()
	var duals, reads [][]float64
	note := func() {
		dual, err := x.Grad()
		if err != nil {
			t.Fatal(err)
		}
		duals, reads = append(duals, numbers(t, dual)), append(reads, numbers(t, read))
	}
	again := [][]float64{twoPoints[0], twoPoints[0]}
	runs(t, vm, x, again, vm.Reset, note)
	stillBites(t, same(duals[1], []float64{-1, -3}), "dual values are each run's own")
	for _, got := range append(reads, duals[0]) {
		assertClose(t, "a run's gradient", got, []float64{-0.5, -1.5}, 1e-15)
	}
	// A step of no length zeroes them all the same.
	solver := G.NewVanillaSolver(G.WithLearnRate(0))
	runs(t, vm, x, again, vm.Reset, func() {
		if err := solver.Step(G.NodesToValueGrads(G.Nodes{x})); err != nil {
			t.Fatal(err)
		}
	})
	runs(t, vm, x, again[:1], vm.Reset, note)
	assertClose(t, "after a solver", duals[2], []float64{-0.5, -1.5}, 1e-15)
}

// symbolicOp is an identity that has a SymDiff and no DoDiff.
type symbolicOp struct{ constantOp }

func (symbolicOp) DiffWRT(int) []bool { return []bool{true} }
func (symbolicOp) SymDiff(_ G.Nodes, _, grad *G.Node) (G.Nodes, error) {
	return G.Nodes{grad}, nil
}

// TestTrapOpWithoutDoDiff: LispMachine gives zero gradients for an op without a DoDiff, and
// no error. Every op of ours that a loss or a softmax is made of has one.
func TestTrapOpWithoutDoDiff(t *testing.T) {
	build := func() (x, cost *G.Node) {
		x = input(G.NewGraph(), "x", tensor.Float64, []float64{1, 2}, 1, 2)
		return x, sumOver(G.Must(G.Square(G.Must(G.ApplyOp(symbolicOp{}, x)))))
	}
	x, cost := build()
	stillBites(t, same(runLisp(t, cost, x)[0], []float64{0, 0}), "LispMachine differentiates an op without DoDiff, or refuses to")
	x, cost = build()
	assertClose(t, "the op on a TapeMachine", once(t, mustAll(t)(G.Grad(cost, x))[0])[0], []float64{2, 4}, 0)
	for _, op := range []G.Op{lossOp{}, statisticsOp{}, softmaxOp{}, temperatureOp{}, sumOp{}, copyOp{}} {
		if _, ok := op.(G.ADOp); !ok {
			t.Errorf("%T has no DoDiff", op)
		}
	}
}

// TestTrapMaxOfEqualEntries: each of equal entries gets the whole gradient of their
// maximum.
func TestTrapMaxOfEqualEntries(t *testing.T) {
	x := input(G.NewGraph(), "x", tensor.Float64, []float64{2, 2, 1}, 1, 3)
	grad := once(t, mustAll(t)(G.Grad(G.Must(G.Max(x)), x))[0])[0]
	stillBites(t, same(grad, []float64{1, 1, 0}), "the gradient of a maximum of equal entries sums to 1")
}
