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
	for _, pair := range formPairs(0) {
		for _, masked := range []bool{false, true} {
			t.Run(fmt.Sprintf("%v/masked=%t", pair, masked), func(t *testing.T) {
				const n = 100
				rng := newRand(71)
				c := newTrial[F](rng, pair, spread{sigma: 1}, n, false)
				x, y, v := c.x, c.t, c.tangent[Pred]
				if masked {
					never := map[Form]F{Probs: 0, LogProbs: F(math.Inf(-1)), Logits: F(math.Inf(-1))}
					x[3], y[3] = never[pair.pred], never[pair.target]
				}
				p := Problem{Shape: []int{n}, Pred: pair.pred, Target: pair.target, Scale: 1, OutStrides: []int{0}, OutSize: 1}
				strides := []int{1}
				in := &Operands[F]{Pred: View[F]{x, strides}, Target: View[F]{y, strides}, Tangent: View[F]{v, strides}}
				gradient := View[F]{make([]F, n), strides}
				jensen := p
				jensen.Family, jensen.Beta = JensenShannon, 0.5
				exponents, second := pair.pred != Probs && pair.target != Probs, pair.pred == Logits
				for name, c := range map[string]struct {
					expected bool
					problem  Problem
					out      View[F]
					fast     attempt[F]
				}{
					"loss":                   {true, p, View[F]{}, fastLoss[F](p)},
					"gradient of pred":       {true, p, gradient, fastGradient[F](p, Pred)},
					"gradient of the target": {true, p, gradient, fastGradient[F](p, Target)},
					"Hessian-vector product": {second, p, gradient, fastHVP[F](p, Pred, Pred)},

					"Jensen–Shannon divergence":  {exponents, jensen, View[F]{}, fastLoss[F](jensen)},
					"its gradient of pred":       {exponents, jensen, gradient, fastGradient[F](jensen, Pred)},
					"its gradient of the target": {exponents, jensen, gradient, fastGradient[F](jensen, Target)},
				} {
					if (c.fast != nil) != c.expected {
						t.Errorf("the %s has kernels: %t", name, c.fast != nil)
					}
					if c.fast == nil || masked && pair.pred == LogProbs && pair.target == Probs && name == "gradient of the target" {
						continue // log q = −∞ is a special case there
					}
					task := newTask(c.problem, in, in.Upstream, c.out)
					task.losses = make([]float64, 1)
					task.each(c.fast, func(*cursor[F], int) { t.Errorf("the %s falls back", name) })
				}
			})
		}
	}
}

// TestSmallDivergencesTakeKernels: rows too near each other for the first kind go to
// the next, with statistics too.
func TestSmallDivergencesTakeKernels(t *testing.T) {
	const n = 1000
	rng := newRand(72)
	for _, sigma := range []float64{1, 0.5, 0.2} {
		x, y := convert[float32](logits(rng, n, sigma)), convert[float32](logits(rng, n, sigma))
		p := newProblem(formPair{pred: Logits, target: Logits}, []int{n}, 0, false)
		in := noted(p, &Operands[float32]{Pred: dense(x, n), Target: dense(y, n)})
		for _, side := range sides {
			task := newTask(p, in, in.Upstream, View[float32]{make([]float32, n), []int{1}})
			task.each(fastGradient[float32](p, side), func(*cursor[float32], int) {
				t.Errorf("σ=%v: the gradient of %v falls back", sigma, side)
			})
		}
	}
}

// TestFirstKindTakesOrdinaryRows: limits too strict would change no result, only the time. The
// divergences are about 4 and 2: below, more and more rows of powers go to the next kind.
func TestFirstKindTakesOrdinaryRows(t *testing.T) {
	testFirstKindTakes(t, 2, 5)
	testFirstKindTakes(t, 1.5, 10)
}

// testFirstKindTakes draws 100 rows of each pair of forms, of which at most so many may fall to the
// next kind.
func testFirstKindTakes(t *testing.T, sigma float64, most int) {
	const n, rows = 1000, 100
	rng := newRand(73)
	for _, pair := range formPairs(0) {
		x, y := make([]float32, 0, rows*n), make([]float32, 0, rows*n)
		for range rows {
			x, y = append(x, encode[float32](pair.pred, logits(rng, n, sigma))...), append(y, encode[float32](pair.target, logits(rng, n, sigma))...)
		}
		p := newProblem(pair, []int{rows, n}, 1, false)
		kinds := kernelsFor[float32](p)
		for !kinds[0].takes(p) {
			kinds = kinds[1:]
		}
		in := &Operands[float32]{Pred: dense(x, rows, n), Target: dense(y, rows, n), kinds: kinds[:1]}
		task := newTask(p, in, View[float32]{}, View[float32]{})
		task.losses = make([]float64, rows)
		fallen := 0
		task.each(fastLoss[float32](p), func(*cursor[float32], int) { fallen++ })
		if fallen > most {
			t.Errorf("%v, σ=%v: %d of %d rows fall back, at most %d may", pair, sigma, fallen, rows, most)
		}
	}
}
