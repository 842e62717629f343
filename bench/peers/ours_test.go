package main

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	G "gorgonia.org/gorgonia"
)

// modes are those of the table.
var modes = []mode{forward, gradient, bothGradients, pairGradient, pairBoth, logProbs, logPair, probsPair, jensen, product}

// Every workload of the table runs, scaled down, and gives the loss that the
// formula gives.
func TestOursComputesEveryMode(t *testing.T) {
	for _, m := range modes {
		for _, dtype := range []string{"float32", "float64"} {
			w := workload{6, 37, dtype, m, 1}
			d := newData(w)
			got, err := builder(ours).check(w, d)
			if err != nil {
				t.Fatalf("%s %s: %v", m, dtype, err)
			}
			if want := divergence(w, d); math.Abs(got.Value-want) > 1e-5*want {
				t.Errorf("%s %s: the loss is %v, want %v", m, dtype, got.Value, want)
			}
			if hasDerivative := got.Norm > 0; hasDerivative != (m != forward) {
				t.Errorf("%s %s: the derivatives' norm is %v", m, dtype, got.Norm)
			}
			machine, err := builder(ours).machine(w, d)
			if err != nil {
				t.Fatal(err)
			}
			defer machine.vm.Close()
			if elapsed, err := machine.run(2); err != nil || elapsed <= 0 {
				t.Errorf("%s %s: two runs took %v, %v", m, dtype, elapsed, err)
			}
		}
	}
}

// An idle graph has as many results as ours, of the same size.
func TestIdleHasOurResults(t *testing.T) {
	for _, m := range modes {
		for _, dtype := range []string{"float32", "float64"} {
			w := workload{6, 37, dtype, m, 1}
			d := newData(w)
			p, err := idle(w, d)
			if err != nil {
				t.Fatalf("%s %s: %v", m, dtype, err)
			}
			like, err := ours(w, d)
			if err != nil {
				t.Fatalf("%s %s: %v", m, dtype, err)
			}
			if got, want := len(p.derivatives), len(like.derivatives); got != want {
				t.Fatalf("%s %s: %d results, want %d", m, dtype, got, want)
			}
			vm := G.NewTapeMachine(p.graph)
			defer vm.Close()
			if err := vm.RunAll(); err != nil {
				t.Fatalf("%s %s: %v", m, dtype, err)
			}
			for i, n := range p.derivatives {
				if got, want := n.Value().Shape(), like.derivatives[i].Shape(); !got.Eq(want) || n.Value().Dtype() != like.derivatives[i].Dtype() {
					t.Errorf("%s %s: a result is %v of %v, want %v", m, dtype, n.Value().Dtype(), got, want)
				}
			}
		}
	}
}

// divergence is the mean over the rows of Σp·(log p − log q), or Jensen and Shannon's.
func divergence(w workload, d data) float64 {
	x, t := float64s(d.x), float64s(d.t)
	sum := 0.0
	for ; len(x) > 0; x, t = x[w.classes:], t[w.classes:] {
		logQ, logP := logProbabilities(x[:w.classes], w.mode.pred()), logProbabilities(t[:w.classes], w.mode.target())
		for i := range logQ {
			q, p := math.Exp(logQ[i]), math.Exp(logP[i])
			if w.mode == jensen {
				m := math.Log((p + q) / 2)
				sum += (p*(logP[i]-m) + q*(logQ[i]-m)) / 2
			} else {
				sum += p * (logP[i] - logQ[i])
			}
		}
	}
	return sum / float64(w.rows)
}

func logProbabilities(x []float64, of form) []float64 {
	sum := 1.0
	if of == logitsForm {
		sum = 0
		for _, xi := range x {
			sum += math.Exp(xi)
		}
	}
	out := make([]float64, len(x))
	for i, xi := range x {
		if of == probsForm {
			xi = math.Log(xi)
		}
		out[i] = xi - math.Log(sum)
	}
	return out
}

func float64s(array any) []float64 {
	if x, ok := array.([]float64); ok {
		return x
	}
	var out []float64
	for _, x := range array.([]float32) {
		out = append(out, float64(x))
	}
	return out
}

func TestComposedAgreesWithOurs(t *testing.T) {
	w := workload{5, 130, "float64", gradient, 1}
	d := newData(w)
	want, err := builder(ours).check(w, d)
	if err != nil {
		t.Fatal(err)
	}
	got, err := builder(composed).check(w, d)
	if err != nil {
		t.Fatal(err)
	}
	if err := agree("composed", got, want, 1e-3); err != nil {
		t.Error(err)
	}
	if err := agree("a wrong norm", result{want.Value, 1.01 * want.Norm}, want, 1e-3); err == nil {
		t.Error("agree accepts a norm that is 1 % off")
	}
	if err := agree("a wrong loss", result{1.01 * want.Value, want.Norm}, want, 1e-3); err == nil {
		t.Error("agree accepts a loss that is 1 % off")
	}
	if err := agree("NaN", result{math.NaN(), want.Norm}, want, 1e-3); err == nil {
		t.Error("agree accepts NaN")
	}
}

func TestDataIsSavedForPeers(t *testing.T) {
	dir := t.TempDir()
	w := workload{3, 5, "float32", product, 1}
	if err := newData(w).save(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x", "t", "v"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() != 4*15 {
			t.Errorf("%s: %v, %v, want 60 bytes", name, info, err)
		}
	}
}

// The small studies run to the end; their numbers are nobody's business here.
func TestKernelContender(t *testing.T) {
	for _, dtype := range []string{"float32", "float64"} {
		for _, m := range modes {
			w := workload{4, 9, dtype, m, 1}
			if _, err := kernelContender("kernel", w, newData(w)).run(1); err != nil {
				t.Error(err)
			}
		}
		w := workload{4, 9, dtype, gradient, 1}
		if _, err := stream(w).run(1); err != nil {
			t.Error(err)
		}
	}
}

func TestParse(t *testing.T) {
	o, err := parse([]string{"-threads", "1,4", "-quick", "-rounds", "9"})
	if err != nil || len(o.threads) != 2 || o.threads[1] != 4 || o.rounds != 3 || o.out != "docs/PERFORMANCE.md" {
		t.Errorf("got %+v, %v", o, err)
	}
	for _, args := range [][]string{{"-threads", "two"}, {"-threads", "0"}, {"-rounds", "0"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

func TestStartPeersSaysWhatIsMissing(t *testing.T) {
	if _, err := startPeers("no-such-python"); err == nil {
		t.Error("no error for an interpreter that is not there")
	}
}
