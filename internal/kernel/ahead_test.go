package kernel

import (
	"fmt"
	"math"
	"runtime"
	"sync/atomic"
	"testing"
)

// TestAheadChangesNoBit writes gradients ahead of rows that go every way through the kernels,
// packed and not, on one thread and on two, and holds them to VJP's. Both sides are asked
// for, alone and together.
func TestAheadChangesNoBit(t *testing.T) {
	numbers := []int{1, 2, 16, 63, 64, 127, 1000, 2100}
	if testing.Short() { // as CI runs it under the race detector
		numbers = []int{2, 127}
	}
	for _, classes := range numbers {
		testAheadChangesNoBit(t, 20, classes, paths[float32]())
		testAheadChangesNoBit(t, 20, classes, paths[float64]())
	}
	for _, classes := range []int{16, 64, 127} {
		testOrdinaryAhead[float32](t, 70, classes)
		testOrdinaryAhead[float64](t, 70, classes)
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	const classes = 1000
	testAheadChangesNoBit(t, 2*minShare/classes+1, classes, map[string][]*rowKernels[float32]{"threads": nil})
	testAheadChangesNoBit(t, 2*minShare/classes+1, classes, map[string][]*rowKernels[float64]{"threads": nil})
}

func testAheadChangesNoBit[F Float](t *testing.T, rows, classes int, paths map[string][]*rowKernels[F]) {
	for _, pair := range formPairs(0, 1e-3) {
		if pair.pred != Logits {
			continue
		}
		x, y := variedRows[F](rows, classes, pair)
		factors := make([]F, rows)
		for r := range factors {
			factors[r] = F(r%7) / 3 // every seventh row is dropped
		}
		apart := func(data []F) View[F] { // rows with a gap between them
			wide := make([]F, rows*(classes+3))
			for r := range rows {
				copy(wide[r*(classes+3):], data[r*classes:][:classes])
			}
			return View[F]{wide, []int{classes + 3, 1}}
		}
		for layout, pred := range map[string]View[F]{"packed": dense(x, rows, classes), "apart": apart(x)} {
			for path, kinds := range paths {
				in := &Operands[F]{
					Pred: pred, Target: dense(y, rows, classes),
					Weight: View[F]{factors, []int{1, 0}}, kinds: kinds,
				}
				p := newProblem(pair, []int{rows, classes}, 1, false)
				with := noted(p, in)
				for name, wrt := range map[string][]Side{"pred": {Pred}, "target": {Target}, "both": {Pred, Target}, "reversed": {Target, Pred}} {
					for i, got := range ahead(p, in, wrt...) {
						equalBits(t, fmt.Sprintf("%v, %d classes, %s, %s, %s: ∂%v", pair, classes, layout, path, name, wrt[i]), got, VJP(p, wrt[i], with))
					}
					if !p.notable() {
						continue
					}
					loss, _ := LossAndGradients(p, in, wrt...)
					equalBits(t, fmt.Sprintf("%v, %d classes, %s, %s, %s: loss", pair, classes, layout, path, name), loss, Loss(p, with))
					_, beside := Statistics(p, in, wrt...)
					for i, got := range beside {
						equalBits(t, fmt.Sprintf("%v, %d classes, %s, %s, %s beside statistics: ∂%v", pair, classes, layout, path, name, wrt[i]), got, VJP(p, wrt[i], with))
					}
				}
			}
		}
	}
}

// testOrdinaryAhead is testAheadChangesNoBit of the gradient of pred beside rows of which nearly
// all are settled at once, and holds the loss that comes with it to Loss.
func testOrdinaryAhead[F Float](t *testing.T, rows, classes int) {
	for _, target := range []Form{Probs, Logits} {
		pair := formPair{pred: Logits, target: target}
		rng := newRand(86)
		var x, y, weight []F
		for r := range rows {
			pred, other := spread{sigma: 3}.draw(rng, classes)
			if r%23 == 11 {
				pred[0] += 95 // beyond what gradients of float32 lanes reach
			}
			x, y = append(x, encode[F](Logits, pred)...), append(y, encode[F](target, other)...)
			factor := 1.0
			if r%5 == 2 {
				factor = []float64{0, -2, 1e31, 1e-31, math.Inf(1), math.NaN()}[r/5%6]
			}
			weight = append(weight, F(factor))
		}
		for path, kinds := range paths[F]() {
			in := &Operands[F]{
				Pred: dense(x, rows, classes), Target: dense(y, rows, classes),
				Weight: View[F]{weight, []int{1, 0}}, kinds: kinds,
			}
			p := newProblem(pair, []int{rows, classes}, 1, false)
			loss, gradients := LossAndGradients(p, in, Pred)
			with := noted(p, in)
			name := fmt.Sprintf("%v, %d classes, %s", pair, classes, path)
			equalBits(t, name+": loss", loss, Loss(p, with))
			equalBits(t, name+": ∂pred", gradients[0], VJP(p, Pred, with))
		}
	}
}

// TestExponentialsAreKept counts which kernels write a gradient ahead. Of logits on both
// sides a few long rows would need as much memory for the target's as the gradient has.
func TestExponentialsAreKept(t *testing.T) {
	for _, c := range []struct {
		target        Form
		rows, classes int
		kept          bool
	}{
		{Probs, 1, 5000, true}, {Probs, 40, 100, true}, {LogProbs, 40, 100, false},
		{Logits, 40, 100, true}, {Logits, 2, 1000, true}, {Logits, 2, 10000, false}, {Logits, 40, 5000, true},
	} {
		rng := newRand(88)
		x, y := make([]float64, 0, c.rows*c.classes), make([]float64, 0, c.rows*c.classes)
		for range c.rows {
			x, y = append(x, encode[float64](Logits, logits(rng, c.classes, 2))...), append(y, encode[float64](c.target, logits(rng, c.classes, 2))...)
		}
		counting := *kernelSets[float64]()[0].kinds[0]
		var kept atomic.Int64
		counting.keptPred = func(t, out *float64, rows, classes int, a, b *float64) {
			kept.Add(int64(rows))
			kernelSets[float64]()[0].kinds[0].keptPred(t, out, rows, classes, a, b)
		}
		in := &Operands[float64]{Pred: dense(x, c.rows, c.classes), Target: dense(y, c.rows, c.classes), kinds: []*rowKernels[float64]{&counting}}
		Statistics(newProblem(formPair{pred: Logits, target: c.target}, []int{c.rows, c.classes}, 1, false), in, Pred)
		if want := map[bool]int{true: c.rows}[c.kept]; int(kept.Load()) != want {
			t.Errorf("%+v: %d rows are made of kept exponentials, want %d", c, kept.Load(), want)
		}
	}
}

// variedRows are ordinary rows, rows whose divergence is small, or of a logit far from the
// others, or far from 0, or with special cases.
func variedRows[F Float](rows, classes int, pair formPair) (x, y []F) {
	rng := newRand(87)
	for r := range rows {
		s := spread{sigma: 2}
		switch r % 10 {
		case 3:
			s = spread{sigma: 1, gap: 1e-3}
		case 4:
			s = spread{sigma: 60}
		}
		pred, target := s.draw(rng, classes)
		row, other := encode[F](pair.pred, pred), encode[F](pair.target, target)
		at := rng.IntN(classes)
		switch r % 10 {
		case 5:
			for i := range row {
				row[i] += 1e5
			}
		case 6:
			row[at] = F(math.Inf(-1))
		case 7:
			row[at] = F(math.NaN())
		case 8:
			other[at] = F([]float64{Probs: 0, LogProbs: math.Inf(-1), Logits: math.Inf(-1)}[pair.target])
		case 9:
			other[at] = -other[at]
		}
		x, y = append(x, row...), append(y, other...)
	}
	return x, y
}
