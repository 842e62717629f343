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
	for _, pair := range formPairs(0) {
		draw := func(form Form) (data []F) {
			for range rows {
				data = append(data, encode[F](form, logits(rng, classes, 2))...)
			}
			return data
		}
		in := &Operands[F]{
			Pred: dense(draw(pair.pred), rows, classes), Target: dense(draw(pair.target), rows, classes),
			Upstream: View[F]{[]F{1}, []int{0, 0}},
		}
		p := newProblem(pair, []int{rows, classes}, 1, false)
		p.OutStrides, p.OutSize = []int{0, 0}, 1
		with := noted(p, in)
		jensen := p
		jensen.Family, jensen.Beta = JensenShannon, 0.5
		withJensen := noted(jensen, in)
		for name, run := range map[string]func(){
			"loss":         func() { Loss(p, in) },
			"pred grad":    func() { VJP(p, Pred, with) },
			"target grad":  func() { VJP(p, Target, with) },
			"pred hessian": func() { in.Tangent = in.Pred; HVP(p, Pred, Pred, in) },
			"JS":           func() { Loss(jensen, in) },
			"JS pred grad": func() { VJP(jensen, Pred, withJensen) },
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
