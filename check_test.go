package kldivloss

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// checked runs a checked loss of two rows, the first of which is in order.
func checked(t *testing.T, predForm, targetForm Form, pred, target []float64, opts ...Option) error {
	t.Helper()
	g := G.NewGraph()
	classes := len(pred)
	good := func(form Form) []float64 {
		row := make([]float64, classes)
		for i := range row {
			switch row[i] = 1 / float64(classes); form {
			case LogProbs:
				row[i] = math.Log(row[i])
			case Logits:
				row[i] = 3
			}
		}
		return row
	}
	x := input(g, "x", tensor.Float64, append(good(predForm), pred...), 2, classes)
	y := input(g, "y", tensor.Float64, append(good(targetForm), target...), 2, classes)
	opts = append([]Option{WithPredForm(predForm), WithTargetForm(targetForm), WithChecks(true)}, opts...)
	must(t)(KLDivLoss(x, y, opts...))
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	return vm.RunAll()
}

// TestChecks holds every fault to its message, for rows with statistics and without.
func TestChecks(t *testing.T) {
	probs, logProbs, scores := []float64{0.1, 0.2, 0.7}, logs([]float64{0.1, 0.2, 0.7}), []float64{3, -1, 0.5}
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name                 string
		predForm, targetForm Form
		pred, target         []float64
		want                 []string
	}{
		{"probabilities as log-probabilities", LogProbs, Probs, probs, probs, []string{"pred has 0.1 in distribution [1]", "at most 0", "looks like Probs, which WithPredForm(Probs) takes"}},
		{"scores as log-probabilities", LogProbs, Probs, scores, probs, []string{"pred has 3 in", "WithPredForm(Logits)"}},
		{"negative scores as log-probabilities", LogProbs, Probs, []float64{-3, -4, -5}, probs, []string{"pred sums to 0.07484", "WithPredForm(Logits)", "issue 569"}},
		{"log-probabilities as probabilities", Probs, Probs, logProbs, probs, []string{"pred has -2.302", "expected probabilities of at least 0", "looks like LogProbs, which WithPredForm(LogProbs) takes"}},
		{"a target of log-probabilities", Logits, Probs, scores, logProbs, []string{"target has -2.302", "looks like LogProbs, which WithTargetForm(LogProbs) takes"}},
		{"a target of scores", Logits, Probs, scores, scores, []string{"target has -1", "WithTargetForm(Logits)"}},
		{"a target of counts", Logits, Probs, scores, []float64{1, 2, 3}, []string{"target sums to 6 in distribution [1]", "sum to 1 within 4e-15", "not normalised"}},
		{"a target of probabilities as logarithms", Logits, LogProbs, scores, probs, []string{"target has 0.1", "looks like Probs, which WithTargetForm(Probs) takes"}},
		{"NaN in pred", Logits, Probs, []float64{1, nan, 0}, probs, []string{"pred has NaN in distribution [1], expected numbers"}},
		{"NaN in target", Logits, Probs, scores, []float64{0.5, nan, 0.5}, []string{"target has NaN in distribution [1]"}},
		{"no scores", Logits, Probs, []float64{-inf, -inf, -inf}, probs, []string{"pred has no distribution [1]", "-Inf"}},
		{"infinite score", Logits, Probs, []float64{inf, 0, 0}, probs, []string{"pred has no distribution [1]: a logit is +Inf"}},
		{"nothing in common", Probs, Probs, []float64{1, 0, 0}, []float64{0, 0.5, 0.5}, []string{"distribution [1]: no class has probability in both pred and target"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := checked(t, c.predForm, c.targetForm, c.pred, c.target)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range append(c.want, "KLDivLoss") {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q lacks %q", err, want)
				}
			}
			if err := checked(t, c.predForm, c.targetForm, c.pred, c.target, WithChecks(false)); err != nil {
				t.Errorf("without checks: %v", err)
			}
		})
	}
}

// TestChecksOverlookWhatIsDropped by a mask, and by a sample weight of 0.
func TestChecksOverlookWhatIsDropped(t *testing.T) {
	for _, classes := range []int{3, 20} {
		for _, masked := range []bool{false, true} {
			g := G.NewGraph()
			pred, target := make([]float64, 2*classes), make([]float64, 2*classes)
			for i := range classes {
				target[i] = 1 / float64(classes)
				pred[classes+i], target[classes+i] = math.NaN(), -1
			}
			x, y := input(g, "x", tensor.Float64, pred, 2, classes), input(g, "y", tensor.Float64, target, 2, classes)
			keep := input(g, "keep", tensor.Float64, []float64{1, 0}, 2)
			opts := []Option{WithFromLogits(false), WithChecks(true), WithSampleWeight(keep)}
			if masked {
				opts[2] = WithMask(keep)
			}
			must(t)(KLDivLoss(x, y, opts...))
			vm := G.NewTapeMachine(g)
			defer vm.Close()
			if err := vm.RunAll(); err != nil {
				t.Errorf("%d classes, masked=%t: %v", classes, masked, err)
			}
			vm.Reset()
			// What is kept is looked at, and good values run again afterwards.
			bad := append([]float64(nil), pred...)
			bad[0] = math.NaN()
			mustLet(t, x, bad, 2, classes)
			if err := vm.RunAll(); err == nil || !strings.Contains(err.Error(), "pred has NaN in distribution [0]") {
				t.Errorf("%d classes, masked=%t: %v", classes, masked, err)
			}
			vm.Reset()
			mustLet(t, x, pred, 2, classes)
			if err := vm.RunAll(); err != nil {
				t.Errorf("%d classes, masked=%t, good again: %v", classes, masked, err)
			}
		}
	}
}

func mustLet(t *testing.T, n *G.Node, data []float64, shape ...int) {
	t.Helper()
	if err := G.Let(n, dense(tensor.Float64, data, shape...)); err != nil {
		t.Fatal(err)
	}
}

// TestChecksDoNotCryWolf gives them rows that others normalised as well as their dtype
// allows: exactly, and with sums in that dtype, term by term.
func TestChecksDoNotCryWolf(t *testing.T) {
	r := rand.New(rand.NewPCG(95, 96))
	for _, classes := range []int{1, 2, 3, 10, 333, 5000, 50_000} {
		for _, sigma := range []float64{0.01, 1, 10} {
			x := random(r, classes)
			for i := range x {
				x[i] *= sigma
			}
			for _, dtype := range dtypes {
				for _, form := range []Form{Probs, LogProbs} {
					for name, row := range map[string][]float64{"exact": normalised(form, x), "naive": naive(form, x, dtype)} {
						g := G.NewGraph()
						n := input(g, "x", dtype, row, 1, classes)
						must(t)(KLDivLoss(n, n, WithPredForm(form), WithTargetForm(form), WithChecks(true), WithReduction(ReductionSum)))
						vm := G.NewTapeMachine(g)
						if err := vm.RunAll(); err != nil {
							t.Errorf("%d classes, σ=%v, %v, %v, %s: %v", classes, sigma, dtype, form, name, err)
						}
						vm.Close()
					}
				}
			}
		}
	}
}

// normalised is softmax(x) or its logarithm.
func normalised(form Form, x []float64) []float64 {
	out := softened(x, 1)
	if form == LogProbs {
		top, sum := math.Inf(-1), 0.0
		for _, v := range x {
			top = math.Max(top, v)
		}
		for _, v := range x {
			sum += math.Exp(v - top)
		}
		for i, v := range x {
			out[i] = v - top - math.Log(sum)
		}
	}
	return out
}

// naive is normalised with every step rounded to the dtype.
func naive(form Form, x []float64, dtype tensor.Dtype) []float64 {
	round := func(v float64) float64 { return v }
	if dtype == tensor.Float32 {
		round = func(v float64) float64 { return float64(float32(v)) }
	}
	top, sum := math.Inf(-1), 0.0
	for _, v := range x {
		top = math.Max(top, round(v))
	}
	for _, v := range x {
		sum = round(sum + round(math.Exp(round(round(v)-top))))
	}
	out := make([]float64, len(x))
	for i, v := range x {
		if form == Probs {
			out[i] = round(round(math.Exp(round(round(v)-top))) / sum)
		} else {
			out[i] = round(round(round(v)-top) - round(math.Log(sum)))
		}
	}
	return out
}

// TestChecksOfRelatives: JSDivLoss names pred and target as its caller does whichever way
// round, and a Gaussian is only held to be numbers.
func TestChecksOfRelatives(t *testing.T) {
	for _, beta := range []float64{0, 0.5, 1} {
		g := G.NewGraph()
		x := input(g, "x", tensor.Float64, []float64{0.5, 0.5}, 1, 2)
		y := input(g, "y", tensor.Float64, []float64{0.5, 0.6}, 1, 2)
		must(t)(JSDivLoss(x, y, beta, WithPredForm(Probs), WithChecks(true)))
		vm := G.NewTapeMachine(g)
		defer vm.Close()
		err := vm.RunAll()
		if err == nil || !strings.Contains(err.Error(), "target sums to 1.1 in distribution [0]") {
			t.Errorf("β=%v: %v", beta, err)
		}
	}
	g := G.NewGraph()
	x := input(g, "x", tensor.Float64, []float64{5, -3}, 1, 2)
	y := input(g, "y", tensor.Float64, []float64{0.5, math.NaN()}, 1, 2)
	must(t)(GaussianKL(x, y, WithChecks(true)))
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err == nil || !strings.Contains(err.Error(), "logvar has NaN in distribution [0]") {
		t.Errorf("Gaussian: %v", err)
	}
}
