package kldivloss

import (
	"fmt"
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

var (
	inf = math.Inf(1)
	nan = math.NaN()
)

// corner is a row of ../shared/SEMANTICS.md's table: one row of two or three
// classes, the summed loss and both gradients, worked out by hand.
type corner struct {
	name           string
	predForm       Form
	pred           []float64
	targetForm     Form
	target         []float64
	weight         []float64 // nil for none
	loss           float64
	dPred, dTarget []float64
}

var ln = math.Log

func corners() []corner {
	half := []float64{0.5, 0.5}
	return []corner{
		// p = 0, any log q: nothing comes of the class.
		{"p=0, log q=−Inf", LogProbs, []float64{-inf, 0}, Probs, []float64{0, 1}, nil, 0, []float64{0, -1}, []float64{0, 1}},
		{"p=0, log q=NaN", LogProbs, []float64{nan, 0}, Probs, []float64{0, 1}, nil, 0, []float64{0, -1}, []float64{0, 1}},
		{"p=0, q=0", Probs, []float64{0, 1}, Probs, []float64{0, 1}, nil, 0, []float64{0, -1}, []float64{0, 1}},
		{"p=0, q=NaN", Probs, []float64{nan, 1}, Probs, []float64{0, 1}, nil, 0, []float64{0, -1}, []float64{0, 1}},
		{"p=0, logits", Logits, []float64{0, 0}, Probs, []float64{0, 1}, nil, ln(2), []float64{0.5, -0.5}, []float64{0, 1 + ln(2)}},
		{"log p=−Inf", LogProbs, []float64{nan, -1}, LogProbs, []float64{-inf, 0}, nil, 1, []float64{0, -1}, []float64{0, 2}},
		{"target logit −Inf", LogProbs, []float64{nan, -1}, Logits, []float64{-inf, 7}, nil, 1, []float64{0, -1}, []float64{0, 0}},
		{"all p=0", Logits, []float64{nan, 1}, Probs, []float64{0, 0}, nil, 0, []float64{0, 0}, []float64{0, 0}},

		// p > 0, log q = −Inf: infinite, and so are the gradients that see it.
		{"q=0 as log-probability", LogProbs, []float64{-inf, 0}, Probs, half, nil, inf, []float64{-0.5, -0.5}, []float64{inf, 1 + ln(0.5)}},
		{"q=0 as logit", Logits, []float64{-inf, 3}, Probs, half, nil, inf, []float64{-0.5, 0.5}, []float64{inf, 1 + ln(0.5)}},
		{"q=0 as probability", Probs, []float64{0, 1}, Probs, half, nil, inf, []float64{-inf, -0.5}, []float64{inf, 1 + ln(0.5)}},
		{"q=−0 as probability", Probs, []float64{math.Copysign(0, -1), 1}, Probs, half, nil, inf, []float64{-inf, -0.5}, []float64{inf, 1 + ln(0.5)}},
		{"q=0, target log-probabilities", LogProbs, []float64{-inf, 0}, LogProbs, []float64{0, -inf}, nil, inf, []float64{-1, 0}, []float64{inf, 0}},
		{"q=0, target logits", LogProbs, []float64{-inf, 0}, Logits, []float64{0, -inf}, nil, inf, []float64{-1, 0}, []float64{nan, 0}},
		{"q=0, both logits", Logits, []float64{-inf, 0}, Logits, []float64{0, -inf}, nil, inf, []float64{-1, 1}, []float64{nan, 0}},

		// A sample weight of 0 drops the row or the class, whatever it holds.
		{"dropped NaN", LogProbs, []float64{nan, inf}, Probs, []float64{nan, -1}, []float64{0}, 0, []float64{0, 0}, []float64{0, 0}},
		{"dropped logits", Logits, []float64{nan, -inf}, Logits, []float64{nan, inf}, []float64{0}, 0, []float64{0, 0}, []float64{0, 0}},
		{"dropped +Inf", Probs, []float64{0, 1}, LogProbs, []float64{0, -inf}, []float64{0}, 0, []float64{0, 0}, []float64{0, 0}},
		{"dropped class by class", Logits, []float64{nan, -inf}, Logits, []float64{nan, inf}, []float64{0, 0}, 0, []float64{0, 0}, []float64{0, 0}},
		{"a dropped class", LogProbs, []float64{nan, -1}, Probs, []float64{nan, 1}, []float64{0, 2}, 2, []float64{0, -2}, []float64{0, 4}},

		// NaN, where it counts.
		{"NaN in p", LogProbs, []float64{-1, -1}, Probs, []float64{nan, 1}, nil, nan, []float64{nan, -1}, []float64{nan, 2}},
		{"NaN in log q", LogProbs, []float64{nan, -1}, Probs, []float64{1, 1}, nil, nan, []float64{nan, -1}, []float64{nan, 2}},
		{"NaN in q", Probs, []float64{nan, 1}, Probs, []float64{1, 1}, nil, nan, []float64{nan, -1}, []float64{nan, 1}},
		{"NaN in a logit", Logits, []float64{nan, 1}, Probs, []float64{1, 1}, nil, nan, []float64{nan, nan}, []float64{nan, nan}},
		{"NaN in a target logit", LogProbs, []float64{-1, -1}, Logits, []float64{nan, 1}, nil, nan, []float64{nan, nan}, []float64{nan, nan}},
		{"p < 0", LogProbs, []float64{-1, -1}, Probs, []float64{-0.1, 1}, nil, nan, []float64{nan, -1}, []float64{nan, 2}},
		{"q < 0", Probs, []float64{-0.1, 1}, Probs, []float64{1, 1}, nil, nan, []float64{nan, -1}, []float64{nan, 1}},

		// Logits out of exp's range are exact.
		{"logits ±1e3", Logits, []float64{1e3, -1e3, 1e3}, Probs, []float64{0.25, 0, 0.75}, nil, 0.25*ln(0.25) + 0.75*ln(0.75) + ln(2), []float64{0.25, 0, -0.25}, []float64{1 + ln(0.5), 0, 1 + ln(1.5)}},
		{"target logits ±1e3", LogProbs, []float64{ln(0.5), -5, ln(0.5)}, Logits, []float64{1e3, -1e3, 1e3}, nil, 0, []float64{-0.5, 0, -0.5}, []float64{0, 0, 0}},
		{"both logits ±1e3", Logits, []float64{-1e3, 1e3}, Logits, []float64{1e3, -1e3}, nil, 2000, []float64{-1, 1}, []float64{0, 0}},
		{"a logit of −Inf", Logits, []float64{-inf, 2, 2}, Probs, []float64{0, 0.5, 0.5}, nil, 0, []float64{0, 0, 0}, []float64{0, 1, 1}},
		{"logits of −Inf on both sides", Logits, []float64{-inf, 2, 2}, Logits, []float64{-inf, 5, 5}, nil, 0, []float64{0, 0, 0}, []float64{0, 0, 0}},
		{"a row of logits all −Inf", Logits, []float64{-inf, -inf}, Probs, half, nil, nan, []float64{nan, nan}, []float64{nan, nan}},
		{"a row of target logits all −Inf", LogProbs, []float64{-1, -1}, Logits, []float64{-inf, -inf}, nil, nan, []float64{nan, nan}, []float64{nan, nan}},

		// The definition, for rows that need not be normalised.
		{"equal distributions", Probs, []float64{0.3, 0.7}, Probs, []float64{0.3, 0.7}, nil, 0, []float64{-1, -1}, []float64{1, 1}},
		{"soft labels", Logits, []float64{0, 0}, Probs, []float64{2, 4}, nil, 2*ln(2) + 4*ln(4) + 6*ln(2), []float64{1, -1}, []float64{1 + ln(4), 1 + ln(8)}},
	}
}

func TestCorners(t *testing.T) {
	for _, c := range corners() {
		for _, dtype := range dtypes {
			t.Run(fmt.Sprintf("%s/%v", c.name, dtype), func(t *testing.T) { c.check(t, dtype) })
		}
	}
}

func (c corner) check(t *testing.T, dtype tensor.Dtype) {
	g := G.NewGraph()
	n := len(c.pred)
	pred := input(g, "pred", dtype, c.pred, 1, n)
	target := input(g, "target", dtype, c.target, 1, n)
	opts := []Option{WithPredForm(c.predForm), WithTargetForm(c.targetForm), WithReduction(ReductionSum)}
	if c.weight != nil {
		opts = append(opts, WithSampleWeight(input(g, "weight", dtype, c.weight, 1, len(c.weight))))
	}
	loss := must(t)(KLDivLoss(pred, target, opts...))
	grads := mustAll(t)(Grad(loss, pred, target))
	got := runTape(t, loss, grads[0], grads[1])
	tolerance := map[tensor.Dtype]float64{tensor.Float64: 1e-15, tensor.Float32: 2e-7}[dtype]
	assertClose(t, "loss", got[0], []float64{c.loss}, tolerance)
	assertClose(t, "∂pred", got[1], c.dPred, tolerance)
	assertClose(t, "∂target", got[2], c.dTarget, tolerance)
}

// TestTinyDivergence holds a divergence of logits that are nearly equal to its
// leading term ½·Var_p(δ), δ the difference of the logits: 1e-11 for 1e-5, where
// a difference of two logarithms has errors of 1e-8 in float32.
func TestTinyDivergence(t *testing.T) {
	for _, dtype := range dtypes {
		g := G.NewGraph()
		x := []float64{0.25, -0.5, 0.125, 0.5}
		y := append([]float64(nil), x...)
		y[1] += 1.0 / (1 << 17) // 7.6e-6, exact in both dtypes
		pred := input(g, "pred", dtype, y, 1, 4)
		target := input(g, "target", dtype, x, 1, 4)
		same := input(g, "same", dtype, x, 1, 4)
		opts := []Option{WithFromLogits(false), WithTargetForm(Logits), WithReduction(ReductionSum)}
		loss := must(t)(KLDivLoss(pred, target, opts...))
		zero := must(t)(KLDivLoss(same, target, opts...))
		grad := mustAll(t)(Grad(zero, same, target))
		got := runTape(t, loss, zero, grad[0], grad[1])

		z := 0.0
		for _, xi := range x {
			z += math.Exp(xi)
		}
		p := math.Exp(x[1]) / z
		want := (y[1] - x[1]) * (y[1] - x[1]) / 2 * p * (1 - p)
		if relative := math.Abs(got[0][0]/want - 1); !(relative < 1e-5) {
			t.Errorf("%v: %v, want %v", dtype, got[0][0], want)
		}
		assertClose(t, "KL(p‖p)", got[1], []float64{0}, 0)
		assertClose(t, "its gradient", got[2], make([]float64, 4), 0)
		assertClose(t, "its gradient", got[3], make([]float64, 4), 0)
	}
}

// TestTinyDivergenceWithOffsets adds a constant to all logits of one side, which
// changes no distribution: 2^13 and multiples of 2^-30 add without rounding.
func TestTinyDivergenceWithOffsets(t *testing.T) {
	x := []float64{0.25, -0.5, 0.125, 0.5}
	near := append([]float64(nil), x...)
	near[1] += 1.0 / (1 << 30)
	far := append([]float64(nil), near...)
	for i := range far {
		far[i] += 1 << 13
	}
	losses := func(pred []float64) []float64 {
		g := G.NewGraph()
		y, target := input(g, "y", tensor.Float64, pred, 1, 4), input(g, "x", tensor.Float64, x, 1, 4)
		loss := must(t)(KLDivLoss(y, target, WithFromLogits(false), WithTargetForm(Logits), WithReduction(ReductionSum)))
		return runTape(t, loss)[0]
	}
	with, without := losses(far)[0], losses(near)[0]
	if !(math.Abs(with/without-1) < 1e-14) {
		t.Errorf("%v with an offset, %v without", with, without)
	}
}
