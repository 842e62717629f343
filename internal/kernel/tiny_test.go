package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// A small divergence of two rows of logits keeps the relative precision that is
// asked of it; the definition p·(log p − log q) would leave none.
func TestTinyDivergence(t *testing.T) {
	dtypes(t,
		func(t *testing.T) { testTiny[float32](t, 1e-5, 1e-7) },
		func(t *testing.T) { testTiny[float64](t, 1e-9, 1e-14) })
}

func testTiny[F Float](t *testing.T, gap, tolerance float64) {
	rng := newRand(3)
	worst := map[Side]float64{}
	var worstLoss float64
	for n := 2; n <= 40; n++ {
		c := newTrial[F](rng, formPair{pred: Logits, target: Logits}, spread{sigma: 1, gap: gap}, n, false)
		m := newReference(c.pair, bigRowOf(repeat[F](1, n)), bigRowOf(c.x), bigRowOf(c.t))
		want := m.elements().sum()
		got := Loss(c.problem(), c.operands(Pred))
		ratio, _ := errorOver(got, bigRow{want}, bigRow{want}.floats(), 1)
		worstLoss = max(worstLoss, ratio)
		if ratio > tolerance {
			t.Errorf("n=%d: loss %g, want %.20g: relative error %g", n, got[0], want, ratio)
		}
		m.g = bigRowOf(c.g)
		for _, side := range sides {
			want := m.gradient(side)
			largest := norm(want.floats())
			ratio, i := errorOver(VJP(c.problem(), side, c.operands(side)), want, repeat(largest, n), 1)
			worst[side] = max(worst[side], ratio)
			if ratio > tolerance {
				t.Errorf("n=%d: ∂%v[%d] is off by %g of the largest, %g", n, side, i, ratio, largest)
			}
		}
	}
	t.Logf("relative error: loss %.2g, ∂pred %.2g, ∂target %.2g", worstLoss, worst[Pred], worst[Target])
}

// norm returns the largest magnitude.
func norm(x []float64) (most float64) {
	for _, xi := range x {
		most = max(most, xi, -xi)
	}
	return most
}

// The divergence of two rows of logits is never negative, and of equal rows it
// is exactly 0 with gradients of exactly 0.
func TestNeverNegative(t *testing.T) {
	dtypes(t, testNeverNegative[float32], testNeverNegative[float64])
}

func testNeverNegative[F Float](t *testing.T) {
	rng := newRand(4)
	pair := formPair{pred: Logits, target: Logits}
	for range 20000 {
		n := 1 + rng.IntN(12)
		c := newTrial[F](rng, pair, randomSpread(rng), n, false)
		offset := F(rng.NormFloat64() * 100 * float64(rng.IntN(2)))
		for i := range c.x {
			c.x[i] += offset
			c.t[i] += offset * F(rng.IntN(2))
		}
		in := c.operands(Pred)
		if got := Loss(c.problem(), in)[0]; !(got >= 0) {
			t.Fatalf("loss of %v from %v is %g", c.t, c.x, got)
		}
		in.Target = in.Pred
		if got := Loss(c.problem(), in)[0]; got != 0 {
			t.Fatalf("loss of %v from itself is %g", c.x, got)
		}
		for _, side := range sides {
			for _, gi := range VJP(c.problem(), side, in) {
				if gi != 0 {
					t.Fatalf("∂%v of %v from itself has %g", side, c.x, gi)
				}
			}
		}
	}
}

func randomSpread(rng *rand.Rand) spread {
	gaps := []float64{0, 1e-16, 1e-12, 1e-9, 1e-7, 1e-5, 1e-3, 0.1, 1, 10}
	sigmas := []float64{1e-8, 1e-3, 1, 10, 50}
	return spread{sigma: sigmas[rng.IntN(len(sigmas))], gap: gaps[rng.IntN(len(gaps))]}
}

// The three functions that replace a cancelling difference keep nearly all of
// its digits.
func TestDifferences(t *testing.T) {
	rng := newRand(18)
	for range 4000 {
		q := math.Exp(-10 * rng.Float64())
		p := q * math.Exp(math.Ldexp(rng.NormFloat64(), -rng.IntN(50)))
		exactP, exactQ := number(p), number(q)
		exactR := log(over(exactP, exactQ))
		r, _ := exactR.Float64()
		apart := minus(exactQ, exactP)
		for _, c := range []struct {
			name      string
			got       float64
			want      *big.Float
			tolerance float64 // relative, and in units of r's own rounding
		}{
			{"logRatio", logRatio(p, q), exactR, 4},
			{"difference", difference(p, q, r), apart, 4},
			{"excess", excess(p, q, r), plus(apart, times(exactP, exactR)), 20},
		} {
			want, _ := c.want.Float64()
			if !near(c.got, want, c.tolerance*0x1p-52*math.Abs(want)) {
				t.Errorf("%s(%g, %g) = %.17g, want %.17g", c.name, p, q, c.got, want)
			}
		}
	}
}

// TestOneClass: the loss of one class of logits is t·log t, and within its bound for any.
func TestOneClass(t *testing.T) {
	rng := newRand(77)
	for range 200_000 {
		x, target := float32(rng.NormFloat64()), float32(math.Exp(rng.NormFloat64()/2))
		p := newProblem(formPair{pred: Logits, target: Probs}, []int{1}, 0, false)
		got := Loss(p, &Operands[float32]{Pred: dense([]float32{x}, 1), Target: dense([]float32{target}, 1)})[0]
		want := float64(target) * math.Log(float64(target))
		if !near(float64(got), want, 4*0x1p-23*math.Abs(want)) {
			t.Fatalf("x = %v, t = %v: %v, want %v", x, target, got, want)
		}
	}
}
