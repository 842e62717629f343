package main

import (
	"math"

	"github.com/pkg/errors"
)

// improvement is what one policy update did.
type improvement struct {
	Accepted   bool
	Backtracks int     // how often the line search shortened the step
	KL         float64 // mean KL(π_old ‖ π_new), nats; 0 for a rejected step
	Gain       float64 // L(θ_new) − L(θ_old), the surrogate's; 0 for a rejected step
	Entropy    float64 // of the policy that resulted, nats
}

// improve takes one step of Trust Region Policy Optimization on p.batch, whose
// oldLogits it fills in: it approximately solves
//
//	max L(θ)  subject to  KL(π_old ‖ π_θ) ≤ δ
//
// with L linear and KL quadratic about θ_old, which gives the natural gradient
// s = F⁻¹g, scales s to the radius δ, and goes back along it until the true L and KL
// agree.
//
// Schulman et al., "Trust Region Policy Optimization", 2015, appendix C.
func (p *policy[T]) improve(radius float64, s settings) (improvement, error) {
	if err := p.setOld(); err != nil {
		return improvement{}, err
	}
	direction, curvature, err := p.naturalGradient(s)
	if err != nil {
		return improvement{}, err
	}
	return p.lineSearch(direction, curvature, radius, s)
}

// setOld makes the present policy the old one.
func (p *policy[T]) setOld() error {
	if err := p.objective.run(); err != nil {
		return err
	}
	p.objective.gather(p.batch.oldLogits, logitsValue)
	return nil
}

// surrogateGradient returns g = ∇L at the present parameters.
func (p *policy[T]) surrogateGradient() ([]T, error) {
	if err := p.gradient.run(); err != nil {
		return nil, err
	}
	g := make([]T, p.network.size())
	p.gradient.gather(g, 0)
	return g, nil
}

// fisherVector writes F·v into dst.
func (p *policy[T]) fisherVector(dst, v []T) error {
	copy(p.vector, v)
	if err := p.fisher.run(); err != nil {
		return err
	}
	p.fisher.gather(dst, 0)
	return nil
}

// naturalGradient returns the direction s ≈ (F + cI)⁻¹ g and sᵀ(F + cI)s, c being the
// damping, which keeps directions in which the samples say nothing from growing
// without bound.
func (p *policy[T]) naturalGradient(s settings) (direction []T, curvature float64, err error) {
	g, err := p.surrogateGradient()
	if err != nil {
		return nil, 0, err
	}
	product := make([]T, len(g))
	multiply := func(v []T) ([]T, error) {
		err := p.fisherVector(product, v)
		axpy(product, T(s.Damping), v)
		return product, err
	}
	direction, image, err := conjugateGradient(multiply, g, s.CGIterations, cgTolerance)
	if err != nil {
		return nil, 0, err
	}
	return direction, float64(dot(direction, image)), nil
}

// lineSearch moves θ along the direction, first by the length at which the quadratic
// model of the divergence reaches the radius,
//
//	β = √(2δ / sᵀFs),
//
// then by ever shorter ones, until the surrogate is better than before and the
// divergence at most δ. Where no length will do it leaves θ as it was.
func (p *policy[T]) lineSearch(direction []T, curvature, radius float64, s settings) (improvement, error) {
	old := append([]T(nil), p.network.theta...)
	if err := p.objective.run(); err != nil {
		return improvement{}, err
	}
	before, entropy := p.objective.scalar(surrogateValue), p.objective.scalar(entropyValue)
	if math.IsNaN(before) {
		return improvement{}, errors.New("the surrogate is NaN: the training has diverged")
	}
	rejected := improvement{Backtracks: s.LineSearchSteps, Entropy: entropy}
	if curvature <= 0 { // no gradient, no direction
		return rejected, nil
	}
	step := math.Sqrt(2 * radius / curvature)
	for i := range s.LineSearchSteps {
		copy(p.network.theta, old)
		axpy(p.network.theta, T(step), direction)
		if err := p.objective.run(); err != nil {
			return improvement{}, err
		}
		gain, kl := p.objective.scalar(surrogateValue)-before, p.objective.scalar(divergenceValue)
		if gain > 0 && kl <= radius {
			return improvement{Accepted: true, Backtracks: i, KL: kl, Gain: gain, Entropy: p.objective.scalar(entropyValue)}, nil
		}
		step *= s.LineSearchShrink
	}
	copy(p.network.theta, old)
	return rejected, nil
}
