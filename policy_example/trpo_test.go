package main

import (
	"math"
	"slices"
	"testing"
)

// update is testdata/trpo_one_update.json.gz: one whole update of CartPole's policy
// and value network, computed with PyTorch in float64 at damping 1e-3.
type update struct {
	N, D, A    int
	X          []float64
	Acts       []int
	Adv        []float64
	Th0        []float64 // θ before
	G          []float64 // ∇L
	S          []float64 // conjugate gradient's direction after 15 iterations
	Beta       float64   // step length for δ = 0.01
	Ls, Kls    []float64 // after steps of β·0.8ʲ
	Ret        []float64 // value targets
	Vth0, Vth1 []float64 // value network before and after …
	Losses     []float64 // … 200 steps of Adam on all samples
}

func goldenUpdate(t *testing.T) (update, *policy[float64]) {
	t.Helper()
	var u update
	golden(t, "trpo_one_update", &u)
	n := &network[float64]{widths: []int{u.D, 64, 64, u.A}, theta: u.Th0}
	p, err := newPolicy(n, u.N)
	check0(t, err)
	t.Cleanup(func() { p.Close() })
	copy(p.batch.observations, u.X)
	copy(p.batch.advantages, u.Adv)
	for i, a := range u.Acts {
		p.batch.actions[i*u.A+a] = 1
	}
	check0(t, p.setOld())
	return u, p
}

var goldenSettings = settings{Damping: 1e-3, CGIterations: 15, LineSearchSteps: 10, LineSearchShrink: 0.8}

func TestGoldenGradient(t *testing.T) {
	u, p := goldenUpdate(t)
	g, err := p.surrogateGradient()
	check0(t, err)
	within(t, "gradient", g, u.G, 1e-13)
}

// TestGoldenDirection: conjugate gradient's path is sensitive to rounding, two correct
// ones differ by 5e-3 after 15 iterations. What it maximises, gᵀs − ½ sᵀ(F+cI)s, is
// not, nor is the step length.
func TestGoldenDirection(t *testing.T) {
	u, p := goldenUpdate(t)
	s, curvature, err := p.naturalGradient(goldenSettings)
	check0(t, err)
	within(t, "direction", s, u.S, 0.02)
	model := func(s []float64) float64 {
		product := fisherVector(t, p, s)
		axpy(product, goldenSettings.Damping, s)
		return dot(u.G, s) - dot(s, product)/2
	}
	near(t, "the quadratic model's maximum", model(s)/model(u.S), 1, 1e-4)
	product := fisherVector(t, p, s)
	axpy(product, goldenSettings.Damping, s)
	near(t, "curvature", curvature/dot(s, product), 1, 1e-9)
	near(t, "step length", math.Sqrt(2*0.01/curvature)/u.Beta, 1, 1e-3)
}

// TestGoldenLineSearch takes PyTorch's direction: every step length gives its
// surrogate and KL, and the search stops at the first that is within the radius.
func TestGoldenLineSearch(t *testing.T) {
	u, p := goldenUpdate(t)
	old := slices.Clone(p.network.theta)
	before, _ := meanStd(u.Adv) // all ratios are 1
	for j := range u.Ls {
		copy(p.network.theta, old)
		axpy(p.network.theta, u.Beta*math.Pow(0.8, float64(j)), u.S)
		check0(t, p.objective.run())
		near(t, "surrogate", p.objective.scalar(surrogateValue), u.Ls[j], 1e-14)
		near(t, "KL", p.objective.scalar(divergenceValue), u.Kls[j], 1e-15)
	}
	copy(p.network.theta, old)
	got, err := p.lineSearch(u.S, 2*0.01/(u.Beta*u.Beta), 0.01, goldenSettings)
	check0(t, err)
	if !got.Accepted || got.Backtracks != 3 {
		t.Errorf("%+v, want the fourth length, the first of KL under 0.01 in %v", got, u.Kls)
	}
	near(t, "KL", got.KL, u.Kls[3], 1e-14)
	near(t, "gain", got.Gain, u.Ls[3]-before, 1e-14)
}

// TestImprove takes many updates on random batches: each accepted one is within its
// radius and improves the surrogate, measured anew, and each rejected one leaves the
// parameters bit for bit.
func TestImprove(t *testing.T) {
	const samples = 40
	accepted, rejected := 0, 0
	for seed := range uint64(30) {
		p := smallPolicy(t, samples, 100+seed)
		radius := 0.1 * math.Pow(0.6, float64(seed))
		s := settings{Damping: 1e-3, CGIterations: 10, LineSearchSteps: 10, LineSearchShrink: 0.8}
		if seed%5 == 4 {
			s.LineSearchSteps = 1 // the quadratic model is often too bold: some are rejected
			s.Damping = 1e-12
		}
		before := slices.Clone(p.network.theta)
		got, err := p.improve(radius, s)
		check0(t, err)
		check0(t, p.objective.run())
		l, kl := p.objective.scalar(surrogateValue), p.objective.scalar(divergenceValue)
		if !got.Accepted {
			rejected++
			if !slices.Equal(p.network.theta, before) || got.KL != 0 || got.Gain != 0 {
				t.Errorf("seed %d: a rejected step changed something: %+v", seed, got)
			}
			continue
		}
		accepted++
		old, _ := meanStd(p.batch.advantages)
		if kl > radius || l <= old || slices.Equal(p.network.theta, before) {
			t.Errorf("seed %d: KL %v of %v, surrogate %v from %v", seed, kl, radius, l, old)
		}
		near(t, "KL", got.KL, kl, 0)
		near(t, "gain", got.Gain, l-old, 1e-14)
		near(t, "entropy", got.Entropy, p.objective.scalar(entropyValue), 0)
	}
	if accepted < 20 || rejected < 1 {
		t.Errorf("%d accepted and %d rejected, expected some of each", accepted, rejected)
	}
}

// TestNothingToImprove: without advantages there is no gradient and no step.
func TestNothingToImprove(t *testing.T) {
	p := smallPolicy(t, 5, 200)
	clear(p.batch.advantages)
	before := slices.Clone(p.network.theta)
	got, err := p.improve(0.01, goldenSettings)
	check0(t, err)
	if got.Accepted || !slices.Equal(p.network.theta, before) {
		t.Errorf("%+v", got)
	}
}

func TestDivergedIsAnError(t *testing.T) {
	p := smallPolicy(t, 5, 201)
	p.network.theta[0] = math.NaN()
	if got, err := p.improve(0.01, goldenSettings); err == nil {
		t.Errorf("no error but %+v", got)
	}
}
