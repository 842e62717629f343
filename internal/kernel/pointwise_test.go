package kernel

import (
	"fmt"
	"math"
	"math/big"
	"testing"
)

// jensenGap is a class's part of the divergence in 448-bit arithmetic, written with the
// mixture.
func jensenGap(m reference, beta float64, i int) *big.Float {
	b, rest := number(beta), minus(number(1), number(beta))
	mixture := plus(times(b, m.p[i]), times(rest, m.q[i]))
	part := func(weight, x *big.Float) *big.Float {
		if x.Sign() == 0 {
			return fresh()
		}
		return times(times(weight, x), minus(log(x), log(mixture)))
	}
	return plus(part(b, m.p[i]), part(rest, m.q[i]))
}

// gaussianExcess is that of Gaussian.
func gaussianExcess(m reference, i int) *big.Float {
	mean, logvar := m.x[i], m.t[i]
	return scaled(minus(minus(plus(times(mean, mean), exp(logvar)), number(1)), logvar), -1)
}

// bigFamily is a family's part of a class.
type bigFamily func(m reference, i int) *big.Float

// unitGradient is the gradient by central differences, class by class.
func (f bigFamily) unitGradient(m reference, wrt Side) bigRow {
	n, form, x := len(m.x), m.pred, m.x
	if wrt == Target {
		form, x = m.target, m.t
	}
	return mapRow(n, func(k int) *big.Float {
		step := number(1)
		if form == Probs && x[k].Sign() != 0 {
			step = x[k] // a probability may be far smaller than a step
		}
		unit := mapRow(n, func(i int) *big.Float { return fresh() })
		unit[k] = step
		return over(m.central(wrt, unit, func(m reference) bigRow { return bigRow{f.total(m)} })[0], step)
	})
}

func (f bigFamily) total(m reference) *big.Float {
	return m.each(func(i int) *big.Float { return times(m.g[i], f(m, i)) }).sum()
}

// TestPointwise holds values, gradients and second derivatives to 448-bit arithmetic.
func TestPointwise(t *testing.T) { dtypes(t, testPointwise[float32], testPointwise[float64]) }

func testPointwise[F Float](t *testing.T) {
	rng := newRand(41)
	betas := []float64{0.1, 0.5, 0.9}
	for k, pair := range formPairs(0) {
		for j, s := range []spread{{sigma: 1}, {sigma: 1, gap: 1e-4}, {sigma: 6}} {
			beta, elementwise := betas[(j+k)%len(betas)], (j+k)%2 == 0
			c := newTrial[F](rng, pair, s, 3, elementwise)
			f := func(m reference, i int) *big.Float { return jensenGap(m, beta, i) }
			name := fmt.Sprintf("JS %v β=%v %+v elementwise=%v", pair, beta, s, elementwise)
			checkFamily(t, name, c, func(p *Problem) { p.Family, p.Beta = JensenShannon, beta }, f)
		}
	}
	for _, sigma := range []float64{1e-3, 1, 10} {
		// As log-probabilities, of which the reference takes no logarithm.
		c := newTrial[F](rng, formPair{pred: LogProbs, target: LogProbs}, spread{sigma: 1}, 3, false)
		c.x, c.t = convert[F](logits(rng, 3, sigma)), convert[F](logits(rng, 3, sigma))
		checkFamily(t, fmt.Sprintf("Gaussian σ=%v", sigma), c, func(p *Problem) { p.Family = Gaussian }, gaussianExcess)
	}
}

func checkFamily[F Float](t *testing.T, name string, c trial[F], set func(*Problem), f bigFamily) {
	t.Helper()
	epsilon, _ := epsilonOf[F]()
	epsilon = max(epsilon, 0x1p-46) // log ratios of the forms are rounded
	p := c.problem()
	set(&p)
	m := newReference(c.pair, bigRowOf(c.g), bigRowOf(c.x), bigRowOf(c.t))
	close := func(what string, got []F, want []float64) {
		t.Helper()
		scale := 0.0
		for _, w := range want {
			scale = max(scale, math.Abs(w))
		}
		for i, x := range got {
			if !near(float64(x), want[i], 64*epsilon*scale+1e-14) {
				t.Errorf("%s: %s[%d] is %v, want %v", name, what, i, x, want[i])
			}
		}
	}
	if c.elementwise {
		close("loss", Loss(p, c.operands(Pred)), m.each(func(i int) *big.Float { return f(m, i) }).floats())
	} else {
		ones := m
		ones.g = m.each(func(int) *big.Float { return number(1) })
		close("loss", Loss(p, c.operands(Pred)), bigRow{f.total(ones)}.floats())
	}
	for _, wrt := range sides {
		close("∂"+wrt.String(), VJP(p, wrt, c.operands(Pred)), f.unitGradient(m, wrt).floats())
		for _, along := range sides {
			v := bigRowOf(c.tangent[along])
			want := m.central(along, v, func(m reference) bigRow { return f.unitGradient(m, wrt) })
			close(fmt.Sprintf("∂%v∂%v", along, wrt), HVP(p, along, wrt, c.operands(along)), want.floats())
		}
	}
	for _, along := range sides {
		in := c.operands(along)
		jvp, vjp := JVP(p, along, in), VJP(p, along, in)
		got, want := 0.0, 0.0
		for i, d := range jvp {
			got += float64(d) * float64(c.g[i%len(c.g)])
		}
		for i, g := range vjp {
			want += float64(g) * float64(c.tangent[along][i])
		}
		if !near(got, want, 64*epsilon*(1+math.Abs(want))) {
			t.Errorf("%s: ⟨JVP v, g⟩ is %v, ⟨v, VJP g⟩ is %v", name, got, want)
		}
	}
}

// TestGaussianFar: variances that overflow nothing on the way, and the smallest.
func TestGaussianFar(t *testing.T) {
	p := newProblem(formPair{}, []int{1}, 0, false)
	p.Family = Gaussian
	for _, c := range []struct{ mean, logvar, want float64 }{
		{0, 0, 0}, {3, 0, 4.5}, {0, 80, (math.Exp(80) - 81) / 2}, {0, -80, 79.0 / 2}, {0, 1e-8, 2.5e-17}, {0, -1e-8, 2.5e-17}, {0, -inf, inf},
	} {
		got := Loss(p, &Operands[float64]{Pred: dense([]float64{c.mean}, 1), Target: dense([]float64{c.logvar}, 1)})[0]
		if !near(got, c.want, 1e-8*math.Abs(c.want)) {
			t.Errorf("mean %v, logvar %v: %v, want %v", c.mean, c.logvar, got, c.want)
		}
	}
}

// TestPointwiseDropsElements: a class of weight 0 adds nothing to anything, whatever it
// holds, and a dropped row neither.
func TestPointwiseDropsElements(t *testing.T) {
	rng := newRand(43)
	for _, family := range []Family{JensenShannon, Gaussian} {
		for _, pair := range formPairs(0) {
			if family == Gaussian && (pair.pred != Probs || pair.target != Probs) {
				continue
			}
			for _, garbage := range []float64{nan, inf, -inf, -1} {
				kept := newTrial[float64](rng, pair, spread{sigma: 1}, 2, true)
				p := kept.problem()
				p.Family, p.Beta = family, 0.3
				weighted := kept
				for _, row := range []*[]float64{&weighted.x, &weighted.t, &weighted.tangent[Pred], &weighted.tangent[Target]} {
					*row = []float64{garbage, (*row)[1]}
				}
				for _, f := range functions[float64]() {
					name := fmt.Sprintf("family %d %v %s over %v", family, pair, f.name, garbage)
					if pair.pred != Logits && pair.target != Logits { // classes do not depend on each other
						want := f.call(p, kept.operands(Pred))
						want[0] = 0
						in := weighted.operands(Pred)
						in.Weight = dense([]float64{0, 1}, 2)
						same(t, name, f.call(p, in), want)
					}
					in := weighted.operands(Pred)
					in.Weight = View[float64]{[]float64{0}, []int{0}}
					same(t, name+" by rows", f.call(p, in), []float64{0, 0})
				}
			}
		}
	}
}
