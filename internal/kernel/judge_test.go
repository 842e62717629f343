package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestVerdictsInVectors holds the verdicts and losses of each instruction set to those in Go,
// to the bit, for sums on either side of every limit and for what are no numbers.
func TestVerdictsInVectors(t *testing.T) {
	t.Run("float32", testVerdictsInVectors[float32])
	t.Run("float64", testVerdictsInVectors[float64])
}

func testVerdictsInVectors[F Float](t *testing.T) {
	onDrawnSums(t, accurateLoss, func(name string, k *rowKernels[F], target Form, limits *acceptance, _ *rand.Rand, sums []rowSums, counts map[float64]int) {
		judges := map[Form][2]judging{Probs: {k.judgeLogits, judgeLogits}, Logits: {k.judgePair, judgePair}}[target]
		compareVerdicts(t, name, judges, sums, limits, counts)
	})
}

// onDrawnSums visits sums on either side of every limit, of every kind of kernels, of losses from
// probabilities and from logits, and fails unless every verdict up to the last is counted often.
func onDrawnSums[F Float](t *testing.T, last int, visit func(name string, k *rowKernels[F], target Form, limits *acceptance, rng *rand.Rand, sums []rowSums, counts map[float64]int)) {
	t.Helper()
	for name, k := range kinds[F]() {
		for _, target := range []Form{Probs, Logits} {
			limits := k.acceptance(pair{Logits, target})
			counts := map[float64]int{}
			for rows := 1; rows <= 3*judgedAtOnce; rows++ {
				for seed := range 12 {
					sums := make([]rowSums, rows)
					rng := newRand(uint64(100*rows + seed))
					drawSums(rng, sums, &limits)
					visit(name, k, target, &limits, rng, sums, counts)
				}
			}
			for verdict := range last + 1 {
				if counts[float64(verdict)] < 100 {
					t.Errorf("%s, target form %d: verdict %d was given %d times", name, target, verdict, counts[float64(verdict)])
				}
			}
		}
	}
}

// TestSettlementsInVectors is TestVerdictsInVectors for all that rows end with, whose factors lie
// on either side of what keptPred takes, and are no numbers.
func TestSettlementsInVectors(t *testing.T) {
	if fuses() {
		t.Skip("the compiler fuses products and sums")
	}
	t.Run("float32", testSettlementsInVectors[float32])
	t.Run("float64", testSettlementsInVectors[float64])
}

func testSettlementsInVectors[F Float](t *testing.T) {
	factors := []float64{1, -0.3, 0, 0x1p-100, 0x1p-101, 0x1p99, 0x1p100, math.Inf(1), math.NaN()}
	onDrawnSums(t, settledLoss, func(name string, k *rowKernels[F], target Form, limits *acceptance, rng *rand.Rand, sums []rowSums, counts map[float64]int) {
		settle := map[Form][2]settling{Probs: {k.settleLogits, settleLogits}, Logits: {k.settlePair, settlePair}}[target]
		var settled [2]settlement
		var unsettled [2]int
		for i := range sums {
			g := rng.NormFloat64()
			if rng.IntN(3) == 0 {
				g = factors[rng.IntN(len(factors))]
			}
			settled[0][ofFactors][i], settled[1][ofFactors][i] = g, g
			if rng.IntN(4) == 0 { // about what gradients are made of
				sums[i][reachX+rng.IntN(2)] = limits[mostReach] + rng.NormFloat64()
			}
		}
		for i := range settle {
			unsettled[i] = settle[i](&sums[0], len(sums), limits, &settled[i])
		}
		if (unsettled[0] == 0) != (unsettled[1] == 0) {
			t.Errorf("%s, target form %d: %d of %d rows are not settled, in Go %d", name, target, unsettled[0], len(sums), unsettled[1])
		}
		for i := range sums {
			counts[settled[1][ofVerdicts][i]]++
			for array := range settlementCount {
				got, want := settled[0][array][i], settled[1][array][i]
				if math.Float64bits(got) != math.Float64bits(want) && (got == got || want == want) {
					t.Errorf("%s, target form %d, row %d of %d, sums %v, factor %v: number %d is %v, in Go %v", name, target, i, len(sums), sums[i], settled[1][ofFactors][i], array, got, want)
				}
			}
		}
	})
}

// TestLogarithmsInVectors holds the logarithms of each instruction set to those in Go, to the
// bit, and both to the standard library's, of numbers over the whole range and near 1. No more
// is written than there may be.
func TestLogarithmsInVectors(t *testing.T) {
	if fuses() {
		t.Skip("the compiler fuses products and sums")
	}
	const smallest = 0x1p-1022
	for name, k := range kinds[float64]() {
		for n := 1; n <= 4*judgedAtOnce; n++ {
			rng := newRand(uint64(n))
			x := make([]float64, n+judgedAtOnce+1)
			for i := range x {
				x[i] = math.Exp2(1022 * (2*rng.Float64() - 1))
				switch i % 3 {
				case 1:
					x[i] = 1 + 0.4*(rng.Float64()-0.5)
				case 2:
					x[i] = []float64{smallest, 0.5, math.Sqrt2 / 2, 1, math.Sqrt2, 2, math.MaxFloat64}[rng.IntN(7)]
				}
			}
			inGo, inVectors := slices.Clone(x), slices.Clone(x)
			logarithms(&inGo[0], n)
			k.logarithms(&inVectors[0], n)
			for i, v := range x[:n] {
				want := math.Log(v)
				if math.Abs(inGo[i]-want) > 2e-16*max(1, 2*math.Abs(want)) {
					t.Errorf("log %v is %v in Go, want %v", v, inGo[i], want)
				}
				if inVectors[i] != inGo[i] {
					t.Errorf("%s, %d of %d: log %v is %v, in Go %v", name, i, n, v, inVectors[i], inGo[i])
				}
			}
			if last := len(x) - 1; inVectors[last] != x[last] {
				t.Errorf("%s writes %d numbers behind %d", name, judgedAtOnce+1, n)
			}
		}
	}
}

// TestSettledInPlace holds settleInPlace to settleEach: what is noted and what is done are the
// same, for sums of every kind and for factors that are no numbers.
func TestSettledInPlace(t *testing.T) {
	const rows = mostRows
	in := &Operands[float64]{Pred: dense(make([]float64, 2*rows), rows, 2), Target: dense(make([]float64, 2*rows), rows, 2)}
	limits := &kernelSets[float64]()[0].kinds[0].accept
	var sums [rows]rowSums
	drawSums(newRand(3), sums[:], limits)
	settled := func(settle func(w *worker[float64], i, n int)) (noted []rowSums, done []bool) {
		task := newTask(newProblem(formPair{pred: Logits}, []int{rows, 2}, 1, false), in, View[float64]{}, View[float64]{})
		task.allNoted = slices.Clone(sums[:])
		w := new(worker[float64])
		w.start(&pass[float64]{task: task}, rows)
		defer w.release()
		clear(w.done)
		w.count, w.kind, w.sums, w.noted = rows, 1, task.allNoted, task.allNoted
		judgeLogits(&w.sums[0], rows, limits, &w.judged[0], &w.verdicts[0])
		for j := range rows {
			w.factors[j] = []float64{1, math.Inf(1), -2, math.NaN()}[j%4]
		}
		settle(w, 7, rows-7)
		return task.allNoted, slices.Clone(w.done[:rows])
	}
	noted, done := settled((*worker[float64]).settleInPlace)
	wantNoted, wantDone := settled((*worker[float64]).settleEach)
	for j := range sums {
		same := done[j] == wantDone[j]
		for slot := range sumCount {
			same = same && math.Float64bits(noted[j][slot]) == math.Float64bits(wantNoted[j][slot])
		}
		if !same {
			t.Errorf("row %d: %v, done %t; one by one %v, %t", j, noted[j], done[j], wantNoted[j], wantDone[j])
		}
	}
}

// drawSums draws plausible sums, those of a small loss in every third row, and in every third
// an edge in place of one of them.
func drawSums(rng *rand.Rand, sums []rowSums, limits *acceptance) {
	for i := range sums {
		s := &sums[i]
		*s = rowSums{
			shiftX: rng.NormFloat64(), shiftT: rng.NormFloat64(), reachX: 20 * rng.Float64(), reachT: 20 * rng.Float64(),
			partition: math.Exp(3 * rng.NormFloat64()), mass: 0.1 + rng.Float64(), ratio: 2 * rng.NormFloat64(),
		}
		switch i % 3 {
		case 1: // a loss about the smallest, of logitsLoss or of pairLoss
			loss := 2 * rng.Float64() * limits[minRatio]
			s[ratio] = s[mass] / math.Ln2 * (loss - math.Log(s[partition]))
			if rng.IntN(2) == 0 {
				s[ratio] += s[mass] / math.Ln2 * math.Log(s[mass])
			}
			continue
		case 2:
			continue
		}
		edges := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 0, 5e-324, limits[maxShift], -limits[maxShift], limits[maxFall], limits[minMass]}
		edge := edges[rng.IntN(len(edges))]
		switch rng.IntN(3) {
		case 1:
			edge = math.Nextafter(edge, 0)
		case 2:
			edge = math.Nextafter(edge, 2*edge)
		}
		s[rng.IntN(sumCount)] = edge
	}
}

// fuses reports whether the compiler makes one rounding of a product and a sum, as it does
// for GOAMD64=v3: then the last bits of what is computed in Go are others.
func fuses() bool {
	x := 1 + newRand(1).Float64()
	rounded := -float64(x * x)
	return x*x+rounded != 0
}

func compareVerdicts(t *testing.T, name string, judges [2]judging, sums []rowSums, limits *acceptance, counts map[float64]int) {
	t.Helper()
	if fuses() {
		t.Skip("the compiler fuses products and sums")
	}
	var losses, verdicts [2][]float64
	for i, judge := range judges {
		losses[i], verdicts[i] = make([]float64, len(sums)+judgedAtOnce), make([]float64, len(sums)+judgedAtOnce)
		judge(&sums[0], len(sums), limits, &losses[i][0], &verdicts[i][0])
	}
	for j := range sums {
		counts[verdicts[1][j]]++
		same := math.Float64bits(losses[0][j]) == math.Float64bits(losses[1][j]) || losses[0][j] != losses[0][j] && losses[1][j] != losses[1][j]
		if !same || verdicts[0][j] != verdicts[1][j] {
			t.Errorf("%s: row %d of %d, sums %v: loss %v, verdict %v; in Go %v, %v", name, j, len(sums), sums[j], losses[0][j], verdicts[0][j], losses[1][j], verdicts[1][j])
		}
	}
}
