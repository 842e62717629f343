package kernel

import (
	"fmt"
	"math"
	"testing"
)

// TestFastPathsAreTaken holds ordinary rows, and rows of masked logits, to the
// vector kernels: falling back would change no result, only the time.
func TestFastPathsAreTaken(t *testing.T) {
	t.Run("float32", testFastPathsAreTaken[float32])
	t.Run("float64", testFastPathsAreTaken[float64])
}

func testFastPathsAreTaken[F Float](t *testing.T) {
	if vectors[F]() == nil {
		t.Skip("no vector kernels on this machine or in this build")
	}
	for _, pair := range []formPair{{pred: Logits, target: Probs}, {pred: LogProbs, target: Probs}, {pred: Logits, target: Logits}} {
		for _, masked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/masked=%t", pair, masked), func(t *testing.T) {
				const n = 100
				rng := newRand(71)
				x, y, v := make([]F, n), make([]F, n), make([]F, n)
				for i := range x {
					x[i], y[i], v[i] = F(rng.NormFloat64()), F(rng.Float64()/n), F(rng.NormFloat64())
				}
				if masked {
					x[3], y[3] = F(math.Inf(-1)), 0
					if pair.target == Logits {
						y[3] = x[3]
					}
				}
				p := Problem{Shape: []int{n}, Pred: pair.pred, Target: pair.target, Scale: 1, OutStrides: []int{0}, OutSize: 1}
				strides := []int{1}
				in := &Operands[F]{Pred: View[F]{x, strides}, Target: View[F]{y, strides}, Tangent: View[F]{v, strides}}
				newTask(p, in, View[F]{make([]F, n), strides}).each(func(c *cursor[F], _ int) {
					if _, ok := c.fastLoss(); !ok {
						t.Error("the loss falls back")
					}
					if !c.fastPredGradient() {
						t.Error("the gradient of pred falls back")
					}
					if pair.pred == Logits && !c.fastTargetGradient() {
						t.Error("the gradient of the target falls back")
					}
					if pair.pred == Logits && pair.target == Probs && !c.fastPredAlongPred() {
						t.Error("the Hessian-vector product falls back")
					}
				})
			})
		}
	}
}
