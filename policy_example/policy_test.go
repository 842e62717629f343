package main

import (
	"math"
	"testing"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
)

// divergenceGradient makes a machine of the gradient of the trust region's distance.
func divergenceGradient(t *testing.T, p *policy[float64]) *machine[float64] {
	t.Helper()
	g := p.newGraph()
	distance := g.trustRegion()
	gradient := g.nodes(func() (G.Nodes, error) { return kldivloss.Grad(distance, g.parameters...) })
	m, err := g.compile(gradient...)
	check0(t, err)
	t.Cleanup(func() { m.Close() })
	return m
}

func gradientOf(t *testing.T, p *policy[float64], m *machine[float64]) []float64 {
	t.Helper()
	check0(t, m.run())
	g := make([]float64, p.network.size())
	m.gather(g, 0)
	return g
}

func fisherVector(t *testing.T, p *policy[float64], v []float64) []float64 {
	t.Helper()
	product := make([]float64, len(v))
	check0(t, p.fisherVector(product, v))
	return product
}

// TestObjective compares the three values with sums over samples and actions.
func TestObjective(t *testing.T) {
	const samples = 7
	p := smallPolicy(t, samples, 2)
	rng := newRand(3, 0)
	axpy(p.network.theta, 0.1, gaussians(p.network.size(), 1, rng)) // away from the old policy
	check0(t, p.objective.run())
	f := newForward(p.network)
	surrogate, kl, entropy := 0.0, 0.0, 0.0
	for i := range samples {
		fresh := probabilities(f.at(p.batch.observations[i*4 : (i+1)*4]))
		old := probabilities(p.batch.oldLogits[i*3 : (i+1)*3])
		for a := range 3 {
			surrogate += p.batch.actions[i*3+a] * fresh[a] / old[a] * p.batch.advantages[i] / samples
			kl += old[a] * math.Log(old[a]/fresh[a]) / samples
			entropy -= fresh[a] * math.Log(fresh[a]) / samples
		}
	}
	near(t, "surrogate", p.objective.scalar(surrogateValue), surrogate, 1e-14)
	near(t, "KL", p.objective.scalar(divergenceValue), kl, 1e-14)
	near(t, "entropy", p.objective.scalar(entropyValue), entropy, 1e-14)
	if kl < 1e-3 {
		t.Errorf("KL %v: the policies should differ", kl)
	}
}

func probabilities(logits []float64) []float64 {
	total := 0.0
	q := make([]float64, len(logits))
	for i, z := range logits {
		q[i] = math.Exp(z)
		total += q[i]
	}
	for i := range q {
		q[i] /= total
	}
	return q
}

// TestDivergenceIsZeroAtTheOldPolicy: exactly, and its gradient too, as at any
// minimum. Only the second derivative says anything there.
func TestDivergenceIsZeroAtTheOldPolicy(t *testing.T) {
	p := smallPolicy(t, 9, 4)
	check0(t, p.objective.run())
	if kl := p.objective.scalar(divergenceValue); kl != 0 {
		t.Errorf("KL %v", kl)
	}
	for i, g := range gradientOf(t, p, divergenceGradient(t, p)) {
		if math.Abs(g) > 1e-16 {
			t.Errorf("gradient %d is %v", i, g)
		}
	}
	v := gaussians(p.network.size(), 1, newRand(5, 0))
	if norm := math.Sqrt(dot(v, fisherVector(t, p, v))); norm < 0.1 {
		t.Errorf("√vᵀFv is %v: the second derivative should not vanish", norm)
	}
}

// TestSurrogateGradient against central differences of the surrogate.
func TestSurrogateGradient(t *testing.T) {
	p := smallPolicy(t, 6, 6)
	got, err := p.surrogateGradient()
	check0(t, err)
	want := make([]float64, len(got))
	const h = 1e-5
	for i, theta := range p.network.theta {
		at := func(x float64) float64 {
			p.network.theta[i] = x
			check0(t, p.objective.run())
			return p.objective.scalar(surrogateValue)
		}
		want[i] = (at(theta+h) - at(theta-h)) / (2 * h)
		p.network.theta[i] = theta
	}
	within(t, "gradient", got, want, 1e-8)
}

// TestFisherVectorProduct against central differences of the divergence's gradient
// along v, at the old policy and away from it, where the product is the Hessian's and
// not Fisher's.
func TestFisherVectorProduct(t *testing.T) {
	p := smallPolicy(t, 8, 7)
	m := divergenceGradient(t, p)
	rng := newRand(8, 0)
	for _, away := range []float64{0, 0.2} {
		axpy(p.network.theta, away, gaussians(p.network.size(), 1, rng))
		v := gaussians(p.network.size(), 1, rng)
		got := fisherVector(t, p, v)
		const h = 1e-5
		axpy(p.network.theta, h, v)
		want := gradientOf(t, p, m)
		axpy(p.network.theta, -2*h, v)
		axpy(want, -1, gradientOf(t, p, m))
		axpy(p.network.theta, h, v)
		for i := range want {
			want[i] /= 2 * h
		}
		within(t, "F v", got, want, 1e-6)
	}
}

// TestFisherIsTheCovarianceOfTheScore: at the old policy, and only there,
//
//	F v = 1/N Σₙ Σₐ π(a|sₙ) (∇log π(a|sₙ)·v) ∇log π(a|sₙ)
//
// The gradient of log π(a|sₙ) is the surrogate's where sample n alone counts.
func TestFisherIsTheCovarianceOfTheScore(t *testing.T) {
	const samples = 6
	p := smallPolicy(t, samples, 9)
	rng := newRand(10, 0)
	v := gaussians(p.network.size(), 1, rng)
	expected := func() []float64 {
		want := make([]float64, len(v))
		f := newForward(p.network)
		for n := range samples {
			q := probabilities(f.at(p.batch.observations[n*4 : (n+1)*4]))
			for a := range 3 {
				clear(p.batch.actions)
				clear(p.batch.advantages)
				for m := range samples {
					p.batch.actions[m*3+a] = 1
				}
				p.batch.advantages[n] = samples
				score, err := p.surrogateGradient()
				check0(t, err)
				axpy(want, q[a]*dot(score, v)/samples, score)
			}
		}
		return want
	}
	within(t, "F v", fisherVector(t, p, v), expected(), 1e-13)
	if worst := asymmetry(p, t, rng); worst > 1e-13 {
		t.Errorf("F is asymmetric by %v", worst)
	}
}

// asymmetry is |uᵀFv − vᵀFu| relative to |uᵀFv| at its worst over some pairs.
func asymmetry(p *policy[float64], t *testing.T, rng interface{ NormFloat64() float64 }) float64 {
	worst := 0.0
	vector := func() []float64 {
		v := make([]float64, p.network.size())
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		return v
	}
	for range 5 {
		u, v := vector(), vector()
		one, other := dot(u, fisherVector(t, p, v)), dot(v, fisherVector(t, p, u))
		scale := math.Sqrt(dot(u, fisherVector(t, p, u)) * dot(v, fisherVector(t, p, v)))
		worst = math.Max(worst, math.Abs(one-other)/scale)
	}
	return worst
}

// TestFisherIsPositiveSemidefinite on random vectors. With fewer samples than
// parameters there are directions that it does not see: adding the same to every
// logit's bias changes no policy.
func TestFisherIsPositiveSemidefinite(t *testing.T) {
	p := smallPolicy(t, 5, 11)
	rng := newRand(12, 0)
	for range 20 {
		v := gaussians(p.network.size(), 1, rng)
		if q := dot(v, fisherVector(t, p, v)); q < 0 {
			t.Errorf("vᵀFv = %v", q)
		}
	}
	blind := make([]float64, p.network.size())
	_, bias := p.network.layer(blind, 2)
	for i := range bias {
		bias[i] = 1
	}
	for i, x := range fisherVector(t, p, blind) {
		if math.Abs(x) > 1e-15 {
			t.Errorf("F of a shift of all logits: entry %d is %v", i, x)
		}
	}
}

// TestFloat32 compares the product the training uses with the one of the other tests.
func TestFloat32(t *testing.T) {
	p := smallPolicy(t, 8, 13)
	narrow := &network[float32]{widths: p.network.widths, theta: float32sOf(p.network.theta)}
	q, err := newPolicy(narrow, 8)
	check0(t, err)
	defer q.Close()
	copy(q.batch.observations, float32sOf(p.batch.observations))
	check0(t, q.setOld())
	v := gaussians(p.network.size(), 1, newRand(14, 0))
	product := make([]float32, len(v))
	check0(t, q.fisherVector(product, float32sOf(v)))
	wide := make([]float64, len(v))
	for i, x := range product {
		wide[i] = float64(x)
	}
	within(t, "F v in float32", wide, fisherVector(t, p, v), 1e-5)
}

func float32sOf(v []float64) []float32 {
	narrow := make([]float32, len(v))
	for i, x := range v {
		narrow[i] = float32(x)
	}
	return narrow
}
