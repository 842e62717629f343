package kldivloss

import (
	"fmt"
	"math"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestPublishedDivergences holds scipy's documented values: jensenshannon is the root of
// the divergence, in nats.
func TestPublishedDivergences(t *testing.T) {
	for _, c := range []struct {
		name string // and source
		p, q []float64
		want float64 // the distance
	}{
		{"scipy jensenshannon: disjoint, in base 2", []float64{1, 0, 0}, []float64{0, 1, 0}, 1 * math.Sqrt(math.Ln2)},
		{"scipy jensenshannon: against a half", []float64{1, 0}, []float64{0.5, 0.5}, 0.46450140402245893},
		{"scipy jensenshannon: equal", []float64{1, 0, 0}, []float64{1, 0, 0}, 0},
	} {
		g := G.NewGraph()
		p := input(g, "p", tensor.Float64, c.p, len(c.p))
		q := input(g, "q", tensor.Float64, c.q, len(c.q))
		forms := []Option{WithPredForm(Probs), WithReduction(ReductionSum)}
		got := runTape(t, must(t)(JSDivLoss(p, q, 0.5, forms...)), must(t)(JSDivLoss(q, p, 0.5, forms...)))
		assertClose(t, c.name, got[0], []float64{c.want * c.want}, 1e-15)
		assertClose(t, c.name+", exchanged", got[1], got[0], 0)
	}
}

// TestPublishedIdentities are those that TRL's and Liger's tests assert of their losses,
// TestGeneralizedJSDLoss in trl's test_gkd_trainer.py and test_correctness in Liger's
// test_jsd.py, with the ends as numbers: KL is 0.8·log 9 either way there.
func TestPublishedIdentities(t *testing.T) {
	g := G.NewGraph()
	student := input(g, "student", tensor.Float64, logs([]float64{0.1, 0.9}), 1, 2)
	teacher := input(g, "teacher", tensor.Float64, logs([]float64{0.9, 0.1}), 1, 2)
	third := input(g, "third", tensor.Float64, []float64{2, -1}, 1, 2)
	jsd := func(pred, target *G.Node, beta float64) *G.Node {
		return must(t)(JSDivLoss(pred, target, beta, WithFromLogits(false), WithTargetForm(Logits), WithReduction(ReductionBatchMean)))
	}
	got := runTape(t, jsd(student, teacher, 0), jsd(student, teacher, 1), jsd(student, student, 0.5),
		jsd(student, third, 0.5), jsd(third, student, 0.5), jsd(student, third, 0.1), jsd(third, student, 0.1), jsd(third, student, 0.9))
	ends := 0.8 * math.Log(9)
	assertClose(t, "β = 0", got[0], []float64{ends}, 1e-15)
	assertClose(t, "β = 1", got[1], []float64{ends}, 1e-15)
	assertClose(t, "equal logits", got[2], []float64{0}, 0)
	assertClose(t, "β = ½, exchanged", got[3], got[4], 1e-15)
	assertClose(t, "β and 1 − β, exchanged", got[5], got[7], 1e-15)
	if closeTo(got[5][0], got[6][0], 1e-3) {
		t.Errorf("β = 0.1 is %v and %v exchanged, expected two numbers", got[5], got[6])
	}
}

// TestEndsOfBeta: the ends are KLDivLoss itself, forwards and with the sides exchanged.
func TestEndsOfBeta(t *testing.T) {
	g := G.NewGraph()
	x, y := zeros(g, "x", tensor.Float64, 2, 20), zeros(g, "y", tensor.Float64, 2, 20)
	forms := []Option{WithFromLogits(false), WithTargetForm(LogProbs)}
	if got, want := must(t)(JSDivLoss(x, y, 0, forms...)), must(t)(KLDivLoss(x, y, forms...)); got != want {
		t.Errorf("β = 0 is %v, expected the node of KLDivLoss", got)
	}
	reverse := must(t)(JSDivLoss(x, y, 1, forms...)).Op().(lossOp)
	forward := must(t)(KLDivLoss(y, x, WithTargetForm(Logits))).Op().(lossOp)
	if reverse.plan.problem.Pred != forward.plan.problem.Pred || reverse.plan.problem.Target != forward.plan.problem.Target {
		t.Errorf("β = 1 has the forms %v, expected %v", reverse.plan.problem, forward.plan.problem)
	}
	// The teacher is a constant whichever way round.
	constant := must(t)(JSDivLoss(x, y, 1, append(forms, WithTargetGrad(false))...)).Op().(lossOp).plan
	if constant.predGrad || !constant.targetGrad {
		t.Errorf("gradients flow into the target: %t, into pred: %t", constant.predGrad, constant.targetGrad)
	}
}

// TestChecksAllowDisjoint: the divergence of disjoint distributions is finite between the
// ends of β, and infinite at them.
func TestChecksAllowDisjoint(t *testing.T) {
	for _, c := range []struct {
		beta float64
		want string
	}{{0, "no class has probability in both"}, {0.5, ""}, {1, "no class has probability in both"}} {
		g := G.NewGraph()
		p := input(g, "p", tensor.Float64, []float64{1, 0}, 1, 2)
		q := input(g, "q", tensor.Float64, []float64{0, 1}, 1, 2)
		must(t)(JSDivLoss(p, q, c.beta, WithPredForm(Probs), WithChecks(true)))
		vm := G.NewTapeMachine(g)
		defer vm.Close()
		if got := fmt.Sprint(vm.RunAll()); !strings.Contains(got, c.want) || c.want == "" && got != "<nil>" {
			t.Errorf("β = %v: %v, expected %q", c.beta, got, c.want)
		}
	}
}
