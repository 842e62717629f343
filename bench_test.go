package kldivloss

import (
	"fmt"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// BenchmarkTape runs the loss alone and with the gradient of pred, through a
// TapeMachine as users do; ns/elem is time per element of pred.
func BenchmarkTape(b *testing.B) {
	for _, shape := range [][]int{{128, 10}, {1024, 1000}, {4096, 128}, {32, 50257}, {256, 32000}} {
		for _, dtype := range dtypes {
			for _, gradient := range []bool{false, true} {
				b.Run(fmt.Sprintf("%dx%d/%v/gradient=%t", shape[0], shape[1], dtype, gradient), func(b *testing.B) {
					benchmarkTape(b, shape, dtype, gradient)
				})
			}
		}
	}
}

func benchmarkTape(b *testing.B, shape []int, dtype tensor.Dtype, gradient bool) {
	r := rand.New(rand.NewPCG(1, 2))
	g := G.NewGraph()
	n := volume(shape)
	x := input(g, "x", dtype, random(r, n), shape...)
	y := input(g, "y", dtype, inForm(r, Probs, n), shape...)
	cost := must(b)(KLDivLoss(x, y, WithFromLogits(false), WithReduction(ReductionBatchMean), WithTargetGrad(false)))
	if gradient {
		mustAll(b)(G.Grad(cost, x))
	}
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if err := vm.RunAll(); err != nil {
			b.Fatal(err)
		}
		vm.Reset()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/elem")
}

// BenchmarkOptions shows what options cost: the loss and both gradients, as
// gorgonia.Grad builds both, of 1024 × 1000 float32 logits on both sides, once more with
// each option, and JSDivLoss.
func BenchmarkOptions(b *testing.B) {
	const rows, classes = 1024, 1000
	r := rand.New(rand.NewPCG(1, 2))
	pred, target, ones := random(r, rows*classes), random(r, rows*classes), make([]float64, rows)
	for i := range ones {
		ones[i] = 1
	}
	for _, c := range []struct {
		name string
		beta float64
		opts func(g *G.ExprGraph) []Option
	}{
		{"none", 0, func(*G.ExprGraph) []Option { return nil }},
		{"checks", 0, func(*G.ExprGraph) []Option { return []Option{WithChecks(true)} }},
		{"mask", 0, func(g *G.ExprGraph) []Option {
			return []Option{WithMask(input(g, "mask", tensor.Float32, ones, rows))}
		}},
		{"temperature", 0, func(*G.ExprGraph) []Option { return []Option{WithTemperature(2, true)} }},
		{"Jensen–Shannon", 0.5, func(*G.ExprGraph) []Option { return nil }},
	} {
		b.Run(c.name, func(b *testing.B) {
			g := G.NewGraph()
			x, y := input(g, "x", tensor.Float32, pred, rows, classes), input(g, "y", tensor.Float32, target, rows, classes)
			opts := append(c.opts(g), WithFromLogits(false), WithTargetForm(Logits), WithReduction(ReductionBatchMean))
			cost := must(b)(JSDivLoss(x, y, c.beta, opts...))
			if _, err := G.Grad(cost, x); err != nil {
				b.Fatal(err)
			}
			vm := G.NewTapeMachine(g)
			defer vm.Close()
			for range b.N {
				if err := vm.RunAll(); err != nil {
					b.Fatal(err)
				}
				vm.Reset()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(rows*classes), "ns/elem")
		})
	}
}
