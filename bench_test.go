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
	for _, shape := range [][]int{{128, 10}, {1024, 1000}, {4096, 128}, {32, 50257}} {
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
