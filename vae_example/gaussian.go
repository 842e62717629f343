package main

import (
	"math"
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/kldivloss/kldivloss/internal/nn"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// gaussian are latent variables with a standard normal prior. The posterior is
// described by their means and, after all of these, the logarithms of their variances.
type gaussian[T float] struct{ latents int }

func (g gaussian[T]) PosteriorWidth() int { return 2 * g.latents }
func (g gaussian[T]) CodeWidth() int      { return g.latents }

// Sample is mean + noise·exp(logvar/2).
// Kingma, Welling, "Auto-encoding variational Bayes", 2014.
func (g gaussian[T]) Sample(n *network[T], posterior *G.Node, d *draws[T]) (*G.Node, error) {
	mean, logvar, err := g.split(posterior)
	if err != nil {
		return nil, err
	}
	half, err := G.HadamardProd(logvar, constant[T](0.5))
	if err != nil {
		return nil, errors.Wrap(err, "logarithm of the deviation")
	}
	deviation, err := G.Exp(half)
	if err != nil {
		return nil, errors.Wrap(err, "deviation")
	}
	spread, err := G.HadamardProd(n.input("noise", d.noise, n.batch, g.latents), deviation)
	if err != nil {
		return nil, errors.Wrap(err, "spread")
	}
	z, err := G.Add(mean, spread)
	return z, errors.Wrap(err, "latents")
}

// Renew draws standard normal noise; there is no temperature to it.
func (g gaussian[T]) Renew(d *draws[T], _ float64, rng *rand.Rand) { g.DrawPrior(d.noise, rng) }

func (g gaussian[T]) Draw(code, posterior []T, rng *rand.Rand) {
	for i := range code {
		code[i] = posterior[i]
		if rng != nil {
			code[i] += T(rng.NormFloat64() * math.Exp(float64(posterior[g.latents+i])/2))
		}
	}
}

func (g gaussian[T]) DrawPrior(code []T, rng *rand.Rand) {
	for i := range code {
		code[i] = T(rng.NormFloat64())
	}
}

func (g gaussian[T]) Vary(code []T, latent int, place float64) {
	const widest = 3 // standard deviations of the prior
	code[latent] = T(widest * (2*place - 1))
}

func (g gaussian[T]) LogWeight(code, posterior []T) float64 {
	sum := 0.0
	for i, z := range code {
		logvar, d := float64(posterior[g.latents+i]), float64(z-posterior[i])
		sum += (logvar + d*d*math.Exp(-logvar) - float64(z)*float64(z)) / 2
	}
	return sum
}

// Divergence is that of the posterior from the standard normal,
//
//	KL(q ‖ p) = ½·(mean² + exp(logvar) − 1 − logvar)
//
// of each latent.
func (g gaussian[T]) Divergence(_ *network[T], posterior *G.Node, reduction kldivloss.Reduction) (*G.Node, error) {
	mean, logvar, err := g.split(posterior)
	if err != nil {
		return nil, err
	}
	if reduction == kldivloss.ReductionPerDistribution {
		reduction = kldivloss.ReductionNone // to GaussianKL all latents are one distribution
	}
	return kldivloss.GaussianKL(mean, logvar, kldivloss.WithReduction(reduction))
}

// split returns the means and the logarithms of the variances, (B, latents) each.
func (g gaussian[T]) split(posterior *G.Node) (mean, logvar *G.Node, err error) {
	if mean, err = nn.Columns(posterior, 0, g.latents); err != nil {
		return nil, nil, err
	}
	logvar, err = nn.Columns(posterior, g.latents, 2*g.latents)
	return mean, logvar, err
}
