package kernel

import (
	"fmt"
	"testing"
)

// BenchmarkRow runs each function on rows that stay in the first-level cache:
// what the arithmetic alone costs.
func BenchmarkRow(b *testing.B) {
	b.Run("float32", benchmarkRow[float32])
	b.Run("float64", benchmarkRow[float64])
}

func benchmarkRow[F Float](b *testing.B) {
	const rows, classes = 4, 1000
	rng := newRand(1)
	for _, pair := range []formPair{{pred: Logits, target: Probs}, {pred: LogProbs, target: Probs}, {pred: Logits, target: Logits}} {
		in := &Operands[F]{
			Pred:     View[F]{make([]F, rows*classes), []int{classes, 1}},
			Target:   View[F]{make([]F, rows*classes), []int{classes, 1}},
			Upstream: View[F]{[]F{1}, []int{0, 0}},
		}
		for i := range in.Pred.Data {
			in.Pred.Data[i] = F(2 * rng.NormFloat64())
			in.Target.Data[i] = F(rng.Float64() / classes)
		}
		p := Problem{
			Shape: []int{rows, classes}, Axis: 1, Pred: pair.pred, Target: pair.target,
			Scale: 1, OutStrides: []int{0, 0}, OutSize: 1,
		}
		with := noted(p, in)
		for name, run := range map[string]func(){
			"loss":         func() { Loss(p, in) },
			"pred grad":    func() { VJP(p, Pred, with) },
			"target grad":  func() { VJP(p, Target, with) },
			"pred hessian": func() { in.Tangent = in.Pred; HVP(p, Pred, Pred, in) },
		} {
			b.Run(fmt.Sprintf("%v/%s", pair, name), func(b *testing.B) {
				for range b.N {
					run()
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(rows*classes), "ns/elem")
			})
		}
	}
}
