package kernel

import (
	"fmt"
	"math"
	"math/big"
	"testing"
)

// TestJensenShannonCorners: disjoint supports give log 2, one-hot and −∞ logits are no
// exception, equal rows give exactly 0, and nearly equal ones what the series says.
func TestJensenShannonCorners(t *testing.T) {
	js := func(pair formPair, x, y []float64) float64 {
		p := newProblem(pair, []int{len(x)}, 0, false)
		p.Family, p.Beta = JensenShannon, 0.5
		return Loss(p, &Operands[float64]{Pred: dense(x, len(x)), Target: dense(y, len(y))})[0]
	}
	probs, pairs := formPair{}, formPair{pred: Logits, target: Logits}
	for _, c := range []struct {
		name string
		got  float64
		want float64
	}{
		{"disjoint probabilities", js(probs, []float64{1, 0}, []float64{0, 1}), math.Ln2},
		{"disjoint logits", js(pairs, []float64{0, -inf}, []float64{-inf, 0}), math.Ln2},
		{"far logits", js(pairs, []float64{1e30, 0}, []float64{0, 1e30}), math.Ln2},
		// m = [¾ ¼]: ½·log(4/3) + ½·(½·log(2/3) + ½·log 2)
		{"one-hot against uniform", js(probs, []float64{0.5, 0.5}, []float64{1, 0}), math.Log(4.0/3)/2 + math.Log(2.0/3)/4 + math.Ln2/4},
		{"equal logits", js(pairs, []float64{1, 2, 3}, []float64{1, 2, 3}), 0},
		{"shifted logits", js(pairs, []float64{1, 2, 3}, []float64{1e3 + 1, 1e3 + 2, 1e3 + 3}), 0},
		{"nearly equal logits", js(pairs, []float64{0, 0}, []float64{1e-9, -1e-9}), 1e-18 / 8},
	} {
		if !near(c.got, c.want, 1e-14*c.want) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
}

// TestJensenShannonSubnormal: second derivatives of a class whose probability is subnormal
// are as small as it is, and those of the others do not notice.
func TestJensenShannonSubnormal(t *testing.T) {
	for _, form := range []Form{LogProbs, Logits} {
		for _, gap := range []float64{709, 720, 740, 745} {
			for _, swap := range []bool{false, true} {
				far, even := []float64{0, -gap}, []float64{-math.Ln2, -math.Ln2}
				if swap {
					far, even = even, far
				}
				p := newProblem(formPair{pred: form, target: form}, []int{2}, 0, false)
				p.Family, p.Beta = JensenShannon, 0.5
				in := &Operands[float64]{Pred: dense(far, 2), Target: dense(even, 2), Upstream: View[float64]{[]float64{1}, []int{0}}, Tangent: dense([]float64{1, -1}, 2)}
				// As if the class were not there, of which this differs by its probability.
				wide := *in
				for _, side := range []*View[float64]{&wide.Pred, &wide.Target} {
					if side.Data[1] == -gap {
						*side = dense([]float64{0, -inf}, 2)
					}
				}
				for _, along := range sides {
					for _, wrt := range sides {
						got, want := HVP(p, along, wrt, in), HVP(p, along, wrt, &wide)
						for i := range got {
							if !near(got[i], want[i], 1e-300) {
								t.Errorf("form %d, gap %v, swapped=%t, ∂%v∂%v: %v, want %v", form, gap, swap, along, wrt, got, want)
								break
							}
						}
					}
				}
			}
		}
	}
}

// TestJensenShannonExtremeBeta holds the divergence and its gradients to 448-bit
// arithmetic for β next to 0 and to 1, where they are as small.
func TestJensenShannonExtremeBeta(t *testing.T) {
	for _, beta := range []float64{1e-20, 1e-12, 1e-6, 1 - 0x1p-20, 1 - 0x1p-40, 1 - 0x1p-52} {
		for _, pair := range []struct{ x, t []float64 }{
			{[]float64{0, 0}, []float64{1e-3, -1e-3}}, {[]float64{0, -50}, []float64{0, 0}}, {[]float64{0, 0}, []float64{0, -50}},
		} {
			p := newProblem(formPair{pred: Logits, target: Logits}, []int{2}, 0, false)
			p.Family, p.Beta = JensenShannon, beta
			in := &Operands[float64]{Pred: dense(pair.x, 2), Target: dense(pair.t, 2), Upstream: View[float64]{[]float64{1}, []int{0}}}
			f := bigFamily(func(m reference, i int) *big.Float { return jensenGap(m, beta, i) })
			m := newReference(formPair{pred: Logits, target: Logits}, bigRowOf([]float64{1, 1}), bigRowOf(pair.x), bigRowOf(pair.t))
			what := fmt.Sprintf("β=%v x=%v t=%v", beta, pair.x, pair.t)
			if got, want := Loss(p, in)[0], (bigRow{f.total(m)}).floats()[0]; !near(got, want, 1e-13*want) {
				t.Errorf("%s: %v, want %v", what, got, want)
			}
			for _, wrt := range sides {
				got, want := VJP(p, wrt, in), f.unitGradient(m, wrt).floats()
				// The second class may be rare, and precise nonetheless; the first is
				// within what rounding a probability of 1 allows.
				if !near(got[1], want[1], 1e-12*math.Abs(want[1])) || !near(got[0], want[0], 16*0x1p-52) {
					t.Errorf("%s: ∂%v is %v, want %v", what, wrt, got, want)
				}
			}
		}
	}
}

// TestJensenShannonPaths holds every path, for every length to 129, to the portable one,
// and that, for some, to 448-bit arithmetic.
func TestJensenShannonPaths(t *testing.T) {
	dtypes(t, testJensenShannonPaths[float32], testJensenShannonPaths[float64])
}

func testJensenShannonPaths[F Float](t *testing.T) {
	epsilon, _ := epsilonOf[F]()
	rng := newRand(44)
	betas := []float64{0.1, 0.5, 0.9}
	for n := 1; n <= 129; n++ {
		for k, pair := range formPairs(0) {
			beta := betas[(n+k)%len(betas)]
			c := newTrial[F](rng, pair, spreads[(n+k)%len(spreads)], n, false)
			p := c.problem()
			p.Family, p.Beta = JensenShannon, beta
			results := func(kinds []*rowKernels[F]) [][]F {
				c.kinds = kinds
				in := c.operands(Pred)
				with := noted(p, in)
				return [][]F{Loss(p, in), VJP(p, Pred, in), VJP(p, Target, in), Loss(p, with), VJP(p, Pred, with), VJP(p, Target, with)}
			}
			want := results([]*rowKernels[F]{})
			if n%16 < 2 { // as the reference is slow
				m := newReference(pair, bigRowOf(repeat[F](1, n)), bigRowOf(c.x), bigRowOf(c.t))
				f := bigFamily(func(m reference, i int) *big.Float { return jensenGap(m, beta, i) })
				if truth := (bigRow{f.total(m)}).floats()[0]; !near(float64(want[0][0]), truth, 16*(epsilon*truth+0x1p-52)) {
					t.Errorf("%v n=%d: %v, want %v", pair, n, want[0][0], truth)
				}
			}
			for path, kinds := range paths[F]() {
				for i, got := range results(kinds) {
					scale := 0.0
					for _, x := range want[i] {
						scale = max(scale, math.Abs(float64(x)))
					}
					for j, x := range got {
						if !near(float64(x), float64(want[i][j]), 4*epsilon*scale+32*0x1p-52) {
							t.Errorf("%v n=%d β=%v on path %s: result %d[%d] is %v, portable %v", pair, n, beta, path, i, j, x, want[i][j])
						}
					}
				}
			}
		}
	}
}
