package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/kldivloss/kldivloss/internal/fastblas"
	"github.com/kldivloss/kldivloss/internal/nn"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Matrix products are most of the work, and gonum's take several times as long.
func init() { G.Use(fastblas.BLAS{}) }

// vae is a variational autoencoder: pixels → hidden layers → parameters of the posterior
// q(z|x), a sample z, the same layers back → logits of the pixels. Its parameters θ lie
// in one vector, which every network built on it reads: the evaluation sees what the
// training has learned.
type vae[T float] struct {
	settings
	latent           latent[T]
	pixels           int
	theta            []T
	encoder, decoder []layer[T]
}

// layer is one affine map, h·weight + bias, with weight (in, out) and bias (1, out).
type layer[T float] struct {
	name         string
	in, out      int
	weight, bias []T // parts of θ
}

// latent is a kind of latent variables, with their prior p(z).
type latent[T float] interface {
	PosteriorWidth() int // numbers an image that describe q(z|x)
	CodeWidth() int      // numbers an image that describe z

	// Sample is a differentiable sample z, (B, code width), of the posterior,
	// (B, posterior width), made of the noise that d brings.
	Sample(n *network[T], posterior *G.Node, d *draws[T]) (*G.Node, error)
	// Divergence is KL(q(z|x) ‖ p(z)) in nats: with ReductionBatchMean summed over the
	// latents, the mean of the images; with ReductionPerDistribution of each latent.
	Divergence(n *network[T], posterior *G.Node, reduction kldivloss.Reduction) (*G.Node, error)

	// Renew draws new noise for samples at a temperature.
	Renew(d *draws[T], temperature float64, rng *rand.Rand)
	// Draw writes a sample of one image's posterior, or its likeliest z without rng.
	Draw(code, posterior []T, rng *rand.Rand)
	// DrawPrior writes a sample of the prior.
	DrawPrior(code []T, rng *rand.Rand)
	// Vary sets one latent of z to a place, from 0 to 1, in its range.
	Vary(code []T, latent int, place float64)
	// LogWeight is ln p(z) − ln q(z|x) of one image's sample.
	LogWeight(code, posterior []T) float64
}

// draws are the inputs of a batch's samples.
type draws[T float] struct {
	noise   []T // (B, code width)
	inverse []T // 1/τ, in each place
}

// float is the arithmetic of a model: float32 to train, float64 in tests.
type float interface{ float32 | float64 }

// newVAE draws weights uniformly from ±√(6/(in+out)) (Glorot) and sets biases to 0.
func newVAE[T float](s settings, pixels int, rng *rand.Rand) *vae[T] {
	v := &vae[T]{settings: s, pixels: pixels, latent: newLatent[T](s)}
	inward := append([]int{pixels}, s.Hidden...)
	outward := []int{v.latent.CodeWidth()}
	for i := range s.Hidden {
		outward = append(outward, s.Hidden[len(s.Hidden)-1-i])
	}
	inward, outward = append(inward, v.latent.PosteriorWidth()), append(outward, pixels)
	v.theta = make([]T, size(inward)+size(outward))
	v.encoder = layers("encoder", inward, v.theta)
	v.decoder = layers("decoder", outward, v.theta[size(inward):])
	for _, l := range append(v.encoder, v.decoder...) {
		limit := math.Sqrt(6 / float64(l.in+l.out))
		for i := range l.weight {
			l.weight[i] = T((2*rng.Float64() - 1) * limit)
		}
	}
	return v
}

// size is the number of parameters of layers of the given widths.
func size(widths []int) int {
	n := 0
	for i, in := range widths[:len(widths)-1] {
		n += (in + 1) * widths[i+1]
	}
	return n
}

func layers[T float](name string, widths []int, theta []T) []layer[T] {
	var all []layer[T]
	for i, in := range widths[:len(widths)-1] {
		out := widths[i+1]
		all = append(all, layer[T]{fmt.Sprintf("%s%d", name, i), in, out, theta[:in*out], theta[in*out : (in+1)*out]})
		theta = theta[(in+1)*out:]
	}
	return all
}

// network builds parts of a vae into one graph, for batches of B images.
type network[T float] struct {
	*vae[T]
	graph      *G.ExprGraph
	batch      int
	parameters G.Nodes // of the parts built so far, in the order of θ
}

func newNetwork[T float](v *vae[T], batch int) *network[T] {
	return &network[T]{vae: v, graph: G.NewGraph(), batch: batch}
}

// input adds an input node that reads data, whatever it holds when the machine runs.
// Gorgonia merges unnamed inputs of one shape, hence the name.
func (n *network[T]) input(name string, data []T, shape ...int) *G.Node {
	value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	return G.NewTensor(n.graph, value.Dtype(), len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(value))
}

// encode maps images x, (B, pixels), to the posterior's parameters.
func (n *network[T]) encode(x *G.Node) (*G.Node, error) { return n.perceptron(x, n.encoder) }

// decode maps latents z to the pixels' logits l, (B, pixels): the likelihood p(x|z) of
// pixel j is Bernoulli(sigmoid(l_j)).
func (n *network[T]) decode(z *G.Node) (*G.Node, error) { return n.perceptron(z, n.decoder) }

// perceptron applies layers with a ReLU between any two of them.
func (n *network[T]) perceptron(h *G.Node, layers []layer[T]) (*G.Node, error) {
	for i, l := range layers {
		weight, bias := n.input(l.name+".weight", l.weight, l.in, l.out), n.input(l.name+".bias", l.bias, 1, l.out)
		n.parameters = append(n.parameters, weight, bias)
		product, err := G.Mul(h, weight)
		if err != nil {
			return nil, errors.Wrapf(err, "product of %s", l.name)
		}
		activate := nn.AddBiasReLU
		if i == len(layers)-1 {
			activate = nn.AddBias
		}
		if h, err = activate(product, bias); err != nil {
			return nil, errors.Wrap(err, l.name)
		}
	}
	return h, nil
}

func newLatent[T float](s settings) latent[T] {
	if s.Latent == gaussianName {
		return gaussian[T]{s.Latents}
	}
	return categorical[T]{s.Latents, s.Classes}
}

// reconstruction is −ln p(x|z) of each image, (B), in nats.
func (n *network[T]) reconstruction(pixelLogits, x *G.Node) (*G.Node, error) {
	return nn.BernoulliNLL(pixelLogits, x)
}

// constant is a number of the network's dtype.
func constant[T float](v float64) *G.Node { return G.NewConstant(T(v)) }
