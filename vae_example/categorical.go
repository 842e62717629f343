package main

import (
	"math"
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// categorical are latent variables of some classes each, with a uniform prior. The
// posterior is described by their logits and z is one-hot, or relaxed.
type categorical[T float] struct{ latents, classes int }

func (c categorical[T]) PosteriorWidth() int { return c.latents * c.classes }
func (c categorical[T]) CodeWidth() int      { return c.latents * c.classes }

// Sample relaxes the draw by the Gumbel-softmax trick, softmax((logits + noise)/τ) of
// each latent. As the temperature τ falls to 0 the samples become one-hot.
// Jang, Gu, Poole, "Categorical reparameterization with Gumbel-softmax", 2017.
func (c categorical[T]) Sample(n *network[T], logits *G.Node, d *draws[T]) (*G.Node, error) {
	perturbed, err := G.Add(n.input("noise", d.noise, n.batch, c.CodeWidth()), logits)
	if err != nil {
		return nil, errors.Wrap(err, "perturbed logits")
	}
	scaled, err := G.HadamardProd(perturbed, n.input("inverse temperature", d.inverse, n.batch, c.CodeWidth()))
	if err != nil {
		return nil, errors.Wrap(err, "temperature")
	}
	rows, err := c.split(n, scaled)
	if err != nil {
		return nil, err
	}
	// Gorgonia's own SoftMax takes its maximum from the wrong place and overflows.
	z, err := kldivloss.Softmax(rows, -1)
	if err != nil {
		return nil, err
	}
	flat, err := G.Reshape(z, tensor.Shape{n.batch, c.CodeWidth()})
	return flat, errors.Wrap(err, "latents")
}

// Divergence is that of the posterior from the uniform prior,
//
//	KL(q ‖ p) = Σ_c q_c·(ln q_c + ln classes)
//
// with both given as logits, the prior's all 0. Summed over the latents and averaged
// over the batch it is the KL term of the ELBO. (A mean over the latents as well would
// silently weigh the term by 1/latents, a β-VAE nobody asked for.)
func (c categorical[T]) Divergence(n *network[T], logits *G.Node, reduction kldivloss.Reduction) (*G.Node, error) {
	posterior, err := c.split(n, logits)
	if err != nil {
		return nil, err
	}
	zeros := tensor.New(tensor.WithShape(posterior.Shape()...), tensor.Of(posterior.Dtype()))
	prior := G.NewConstant(zeros, G.WithName("prior"))
	return kldivloss.KLDivLoss(prior, posterior,
		kldivloss.WithPredForm(kldivloss.Logits),
		kldivloss.WithTargetForm(kldivloss.Logits),
		kldivloss.WithReduction(reduction))
}

// split is (B, latents·classes) as (B, latents, classes).
func (c categorical[T]) split(n *network[T], flat *G.Node) (*G.Node, error) {
	rows, err := G.Reshape(flat, tensor.Shape{n.batch, c.latents, c.classes})
	return rows, errors.Wrap(err, "latents")
}

func (c categorical[T]) Renew(d *draws[T], temperature float64, rng *rand.Rand) {
	for i := range d.noise {
		d.noise[i], d.inverse[i] = T(gumbelNoise(rng)), T(1/temperature)
	}
}

// Draw takes a hard class for every latent by the Gumbel-max trick.
func (c categorical[T]) Draw(code, logits []T, rng *rand.Rand) {
	clear(code)
	for from := 0; from < len(logits); from += c.classes {
		best, at := math.Inf(-1), from
		for i := from; i < from+c.classes; i++ {
			score := float64(logits[i])
			if rng != nil {
				score += gumbelNoise(rng)
			}
			if score > best {
				best, at = score, i
			}
		}
		code[at] = 1
	}
}

func (c categorical[T]) DrawPrior(code []T, rng *rand.Rand) {
	clear(code)
	for from := 0; from < len(code); from += c.classes {
		code[from+rng.IntN(c.classes)] = 1
	}
}

func (c categorical[T]) Vary(code []T, latent int, place float64) {
	row := code[latent*c.classes:][:c.classes]
	clear(row)
	row[int(math.Round(place*float64(c.classes-1)))] = 1
}

func (c categorical[T]) LogWeight(code, logits []T) float64 {
	sum := 0.0
	for from := 0; from < len(logits); from += c.classes {
		row, chosen := logits[from:from+c.classes], 0.0
		highest := float64(row[0])
		for i, l := range row {
			highest = max(highest, float64(l))
			chosen += float64(l) * float64(code[from+i])
		}
		total := 0.0
		for _, l := range row {
			total += math.Exp(float64(l) - highest)
		}
		sum += highest + math.Log(total) - chosen - math.Log(float64(c.classes))
	}
	return sum
}
