package kernel

import (
	"math"
	"slices"
	"testing"
)

// byForm gives one row in every form that can express it.
type byForm map[Form][]float64

// corner is a row of the corners table of SEMANTICS.md, with unit upstream
// gradients.
type corner struct {
	name         string
	epsilon      float64
	pred, target byForm
	elements     []float64
	gradPred     byForm // by pred's form
	gradTarget   byForm // by target's form
}

var (
	nan       = math.NaN()
	inf       = math.Inf(1)
	minusZero = math.Copysign(0, -1)
	undefined = []float64{nan, nan}

	half   = byForm{Probs: {.5, .5}, LogProbs: {-math.Ln2, -math.Ln2}, Logits: {7, 7}}
	first  = byForm{Probs: {1, 0}, LogProbs: {0, -inf}, Logits: {3, -inf}}
	second = byForm{Probs: {0, 1}, LogProbs: {-inf, 0}, Logits: {-inf, 3}}
	none   = byForm{Logits: undefined}
)

const log2 = math.Ln2

var corners = []corner{
	{
		name: "p = 0", pred: half, target: second,
		elements:   []float64{0, log2},
		gradPred:   byForm{Probs: {0, -2}, LogProbs: {0, -1}, Logits: {.5, -.5}},
		gradTarget: byForm{Probs: {0, log2 + 1}, LogProbs: {0, log2 + 1}, Logits: {0, 0}},
	}, {
		name: "p = -0", pred: half, target: byForm{Probs: {minusZero, 1}},
		elements:   []float64{0, log2},
		gradPred:   byForm{Probs: {0, -2}, LogProbs: {0, -1}, Logits: {.5, -.5}},
		gradTarget: byForm{Probs: {0, log2 + 1}},
	}, {
		name: "p = 0, q = 0", pred: second, target: second,
		elements:   []float64{0, 0},
		gradPred:   byForm{Probs: {0, -1}, LogProbs: {0, -1}, Logits: {0, 0}},
		gradTarget: byForm{Probs: {0, 1}, LogProbs: {0, 1}, Logits: {0, 0}},
	}, {
		name: "p = 0, log q NaN", pred: byForm{Probs: {nan, .5}, LogProbs: {nan, -log2}}, target: second,
		elements:   []float64{0, log2},
		gradPred:   byForm{Probs: {0, -2}, LogProbs: {0, -1}},
		gradTarget: byForm{Probs: {0, log2 + 1}, LogProbs: {0, log2 + 1}, Logits: {0, 0}},
	}, {
		name: "p = 0, q < 0 or infinite", pred: byForm{Probs: {-1, .5}, LogProbs: {inf, -log2}}, target: second,
		elements:   []float64{0, log2},
		gradPred:   byForm{Probs: {0, -2}, LogProbs: {0, -1}},
		gradTarget: byForm{Probs: {0, log2 + 1}, LogProbs: {0, log2 + 1}, Logits: {0, 0}},
	}, {
		// The mean of the target's cotangents is +Inf.
		name: "p > 0, q = 0", pred: second, target: half,
		elements:   []float64{inf, -log2 / 2},
		gradPred:   byForm{Probs: {-inf, -.5}, LogProbs: {-.5, -.5}, Logits: {-.5, .5}},
		gradTarget: byForm{Probs: {inf, 1 - log2}, LogProbs: {inf, (1 - log2) / 2}, Logits: {nan, -inf}},
	}, {
		name: "p > 0, q = -0", pred: byForm{Probs: {minusZero, 1}}, target: half,
		elements:   []float64{inf, -log2 / 2},
		gradPred:   byForm{Probs: {-inf, -.5}},
		gradTarget: byForm{Probs: {inf, 1 - log2}, LogProbs: {inf, (1 - log2) / 2}, Logits: {nan, -inf}},
	}, {
		name: "NaN in p", pred: half, target: byForm{Probs: {nan, .5}, LogProbs: {nan, -log2}},
		elements:   []float64{nan, 0},
		gradPred:   byForm{Probs: {nan, -1}, LogProbs: {nan, -.5}, Logits: undefined},
		gradTarget: byForm{Probs: {nan, 1}, LogProbs: {nan, .5}},
	}, {
		name: "p < 0", pred: half, target: byForm{Probs: {-.5, .5}},
		elements:   []float64{nan, 0},
		gradPred:   byForm{Probs: {nan, -1}, LogProbs: {nan, -.5}, Logits: undefined},
		gradTarget: byForm{Probs: {nan, 1}},
	}, {
		name: "p < 0, p + epsilon > 0", epsilon: 1, pred: half, target: byForm{Probs: {-.5, .5}},
		elements:   []float64{nan, (math.Log(1.5) + log2) / 2},
		gradPred:   byForm{Probs: {nan, -1}, LogProbs: {nan, -.5}, Logits: undefined},
		gradTarget: byForm{Probs: {nan, math.Log(1.5) + log2 + 1./3}},
	}, {
		name: "p > 0, q = 0 beside p = 0", pred: byForm{Probs: {0, .5, .5}}, target: byForm{Logits: {0, -inf, 0}},
		elements:   []float64{inf, 0, 0},
		gradPred:   byForm{Probs: {-inf, 0, -1}},
		gradTarget: byForm{Logits: {nan, 0, -inf}},
	}, {
		name: "NaN in log q, p > 0", pred: byForm{Probs: {nan, .5}, LogProbs: {nan, -log2}}, target: half,
		elements:   []float64{nan, 0},
		gradPred:   byForm{Probs: {nan, -1}, LogProbs: {nan, -.5}},
		gradTarget: byForm{Probs: {nan, 1}, LogProbs: {nan, .5}, Logits: undefined},
	}, {
		name: "q < 0, p > 0", pred: byForm{Probs: {-.5, .5}}, target: half,
		elements:   []float64{nan, 0},
		gradPred:   byForm{Probs: {nan, -1}},
		gradTarget: byForm{Probs: {nan, 1}, LogProbs: {nan, .5}, Logits: undefined},
	}, {
		name: "opposite logits of 1e3", pred: byForm{LogProbs: {-2000, 0}, Logits: {-1e3, 1e3}},
		target:     byForm{Probs: {1, 0}, LogProbs: {0, -2000}, Logits: {1e3, -1e3}},
		elements:   []float64{2000, 0},
		gradPred:   byForm{LogProbs: {-1, 0}, Logits: {-1, 1}},
		gradTarget: byForm{Probs: {2001, 0}, LogProbs: {2001, 0}, Logits: {0, 0}},
	}, {
		name: "equal logits of 1e3", pred: byForm{Probs: {1, 0}, LogProbs: {0, -2000}, Logits: {1e3, -1e3}},
		target:     byForm{Probs: {1, 0}, Logits: {1e3, -1e3}},
		elements:   []float64{0, 0},
		gradPred:   byForm{Probs: {-1, 0}, LogProbs: {-1, 0}, Logits: {0, 0}},
		gradTarget: byForm{Probs: {1, 0}, Logits: {0, 0}},
	}, {
		name: "-Inf among the target's logits", pred: half, target: first,
		elements:   []float64{log2, 0},
		gradPred:   byForm{Probs: {-2, 0}, LogProbs: {-1, 0}, Logits: {-.5, .5}},
		gradTarget: byForm{Probs: {log2 + 1, 0}, LogProbs: {log2 + 1, 0}, Logits: {0, 0}},
	},
}

// A row of logits that is no distribution makes everything undefined.
func init() {
	everything := byForm{Probs: undefined, LogProbs: undefined, Logits: undefined}
	for name, logits := range map[string][]float64{"all -Inf": {-inf, -inf}, "+Inf": {inf, 0}, "NaN": {0, nan}} {
		bad := byForm{Logits: logits}
		corners = append(corners,
			corner{"pred logits " + name, 0, bad, half, undefined, none, everything},
			corner{"target logits " + name, 0, half, bad, undefined, everything, none})
	}
}

func TestCorners(t *testing.T) { dtypes(t, testCorners[float32], testCorners[float64]) }

func testCorners[F Float](t *testing.T) {
	for path, kinds := range paths[F]() {
		t.Run(path, func(t *testing.T) { testCornersOn(t, kinds) })
	}
}

func testCornersOn[F Float](t *testing.T, kinds []*rowKernels[F]) {
	for _, c := range slices.Concat(corners, denormalCorners[F]()) {
		for pred, x := range c.pred {
			for target, y := range c.target {
				pair := formPair{pred, target, c.epsilon}
				name := c.name + " " + pair.String()
				for _, elementwise := range []bool{true, false} {
					trial := trial[F]{
						pair: pair, elementwise: elementwise,
						x: convert[F](x), t: convert[F](y), g: repeat[F](1, len(x)), kinds: kinds,
					}
					in := trial.operands(Pred)
					value := c.elements
					if !elementwise {
						value = []float64{total(value)}
					}
					same(t, name+" loss", Loss(trial.problem(), in), value)
					same(t, name+" ∂pred", VJP(trial.problem(), Pred, in), c.gradPred[pred])
					same(t, name+" ∂target", VJP(trial.problem(), Target, in), c.gradTarget[target])
				}
			}
		}
	}
}

// denormalCorners are rows with the smallest number there is.
func denormalCorners[F Float]() []corner {
	tiny, exponent := math.SmallestNonzeroFloat64, -1074.0
	if F(tiny) == 0 {
		tiny, exponent = math.SmallestNonzeroFloat32, -149
	}
	logTiny := exponent * log2 // math.Log is wrong for denormal numbers on amd64
	small := byForm{Probs: {tiny, 1}}
	return []corner{
		{
			name: "denormal p", pred: half, target: small,
			elements:   []float64{tiny * (logTiny + log2), log2},
			gradPred:   byForm{Probs: {-2 * tiny, -2}, LogProbs: {-tiny, -1}, Logits: {.5, -.5}},
			gradTarget: byForm{Probs: {logTiny + log2 + 1, log2 + 1}},
		}, {
			name: "denormal q", pred: small, target: half,
			elements:   []float64{-(logTiny + log2) / 2, -log2 / 2},
			gradPred:   byForm{Probs: {-inf, -.5}},
			gradTarget: byForm{Probs: {1 - log2 - logTiny, 1 - log2}, LogProbs: {(1 - log2 - logTiny) / 2, (1 - log2) / 2}, Logits: {-logTiny / 4, logTiny / 4}},
		}, {
			name: "denormal p and q", pred: small, target: small,
			elements:   []float64{0, 0},
			gradPred:   byForm{Probs: {-1, -1}},
			gradTarget: byForm{Probs: {1, 1}},
		},
	}
}

// same fails unless got is want up to rounding, infinities and NaN included.
func same[F Float](t *testing.T, name string, got []F, want []float64) {
	t.Helper()
	epsilon, _ := epsilonOf[F]()
	ok := len(got) == len(want)
	for i := 0; ok && i < len(want); i++ {
		g, w := float64(got[i]), want[i]
		ok = near(g, w, 4*epsilon*max(1, math.Abs(w))) || math.IsNaN(g) && math.IsNaN(w)
	}
	if !ok {
		t.Errorf("%s = %v, want %v", name, got, want)
	}
}
