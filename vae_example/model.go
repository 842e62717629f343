package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// architecture is the shape of a variational autoencoder with categorical latents:
// pixels → hidden layers → latents × classes logits → the same layers back → pixels.
type architecture struct {
	pixels  int
	hidden  []int // widths of the encoder's hidden layers, mirrored by the decoder
	latents int
	classes int // of each latent
	dtype   tensor.Dtype
}

var fashionArchitecture = architecture{
	pixels:  imageSize,
	hidden:  []int{512, 256},
	latents: 20,
	classes: 10,
	dtype:   tensor.Float32,
}

// layer is one affine map, h·weight + bias, with weight (in, out) and bias (1, out).
type layer struct {
	name         string
	weight, bias *tensor.Dense
}

// vae holds the weights. They belong to no graph: every network built on one vae
// shares them, so the evaluation sees what the training has learned.
type vae struct {
	architecture
	encoder, decoder []layer
}

// newVAE draws weights uniformly from ±√(6/(in+out)) (Glorot) and sets biases to 0.
func newVAE(a architecture, rng *rand.Rand) *vae {
	inward := append([]int{a.pixels}, a.hidden...)
	inward = append(inward, a.latents*a.classes)
	outward := make([]int, len(inward))
	for i, width := range inward {
		outward[len(outward)-1-i] = width
	}
	return &vae{
		architecture: a,
		encoder:      newLayers("encoder", inward, a.dtype, rng),
		decoder:      newLayers("decoder", outward, a.dtype, rng),
	}
}

func newLayers(name string, widths []int, dtype tensor.Dtype, rng *rand.Rand) []layer {
	var layers []layer
	for i, in := range widths[:len(widths)-1] {
		out := widths[i+1]
		limit := math.Sqrt(6 / float64(in+out))
		weight := zeros(dtype, in, out)
		switch w := weight.Data().(type) {
		case []float32:
			for j := range w {
				w[j] = float32((2*rng.Float64() - 1) * limit)
			}
		case []float64:
			for j := range w {
				w[j] = (2*rng.Float64() - 1) * limit
			}
		}
		layers = append(layers, layer{fmt.Sprintf("%s%d", name, i), weight, zeros(dtype, 1, out)})
	}
	return layers
}

func zeros(dtype tensor.Dtype, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithShape(shape...), tensor.Of(dtype))
}

// network builds parts of a vae into one graph, for batches of a fixed size B.
type network struct {
	*vae
	graph      *G.ExprGraph
	batch      int
	parameters G.Nodes // of the parts built so far
}

func newNetwork(v *vae, batch int) *network {
	return &network{vae: v, graph: G.NewGraph(), batch: batch}
}

// input adds an input node whose value is data: write into data before a run.
// Gorgonia merges unnamed inputs of one shape, hence the name.
func (n *network) input(name string, data *tensor.Dense) *G.Node {
	return G.NewTensor(n.graph, n.dtype, data.Dims(),
		G.WithShape(data.Shape()...), G.WithName(name), G.WithValue(data))
}

// encode maps images x, (B, pixels), to the logits of the posterior q(z|x),
// (B, latents, classes).
func (n *network) encode(x *G.Node) (*G.Node, error) {
	h, err := n.perceptron(x, n.encoder)
	if err != nil {
		return nil, err
	}
	logits, err := G.Reshape(h, tensor.Shape{n.batch, n.latents, n.classes})
	return logits, errors.Wrap(err, "posterior logits")
}

// decode maps latents z, (B, latents, classes), one-hot or relaxed, to the pixels'
// logits, (B, pixels): the likelihood p(x|z) of pixel j is Bernoulli(sigmoid(l_j)).
func (n *network) decode(z *G.Node) (*G.Node, error) {
	flat, err := G.Reshape(z, tensor.Shape{n.batch, n.latents * n.classes})
	if err != nil {
		return nil, errors.Wrap(err, "latents")
	}
	return n.perceptron(flat, n.decoder)
}

// perceptron applies layers with a ReLU between any two of them.
func (n *network) perceptron(h *G.Node, layers []layer) (*G.Node, error) {
	for i, l := range layers {
		if i > 0 {
			relu, err := G.Rectify(h)
			if err != nil {
				return nil, errors.Wrapf(err, "activation before %s", l.name)
			}
			h = relu
		}
		weight, bias := n.input(l.name+".weight", l.weight), n.input(l.name+".bias", l.bias)
		n.parameters = append(n.parameters, weight, bias)
		product, err := G.Mul(h, weight)
		if err != nil {
			return nil, errors.Wrapf(err, "product of %s", l.name)
		}
		if h, err = G.BroadcastAdd(product, bias, nil, []byte{0}); err != nil {
			return nil, errors.Wrapf(err, "bias of %s", l.name)
		}
	}
	return h, nil
}

// relax draws a differentiable sample of the latents by the Gumbel-softmax trick,
// softmax((logits + noise)/τ), all of them (B, latents, classes). noise is standard
// Gumbel noise; as the temperature τ falls to 0 the samples become one-hot.
// Jang, Gu, Poole, "Categorical reparameterization with Gumbel-softmax", 2017.
func (n *network) relax(logits, noise *G.Node, temperature float64) (*G.Node, error) {
	perturbed, err := G.Add(noise, logits)
	if err != nil {
		return nil, errors.Wrap(err, "perturbed logits")
	}
	scaled, err := G.HadamardProd(perturbed, n.scalar(1/temperature))
	if err != nil {
		return nil, errors.Wrap(err, "temperature")
	}
	// Gorgonia's own SoftMax takes its maximum from the wrong place and overflows.
	return kldivloss.Softmax(scaled, -1)
}

// klFromPrior is the divergence of the posterior from the uniform prior,
//
//	KL(q ‖ p) = Σ_c q_c·(ln q_c + ln classes)
//
// in nats. ReductionBatchMean sums it over classes and latents and averages over the
// batch, nats an image, a scalar: the KL term of the ELBO. (A mean over the latents
// as well would silently weigh the term by 1/latents, a β-VAE nobody asked for.)
// ReductionPerDistribution keeps each latent's own divergence, (B, latents).
func (n *network) klFromPrior(logits *G.Node, reduction kldivloss.Reduction) (*G.Node, error) {
	logPrior := zeros(n.dtype, logits.Shape()...)
	if err := logPrior.Memset(n.value(-math.Log(float64(n.classes)))); err != nil {
		return nil, errors.Wrap(err, "uniform prior")
	}
	prior := G.NewConstant(logPrior, G.WithName("log prior"))
	return kldivloss.KLDivLoss(prior, logits,
		kldivloss.WithPredForm(kldivloss.LogProbs),
		kldivloss.WithTargetForm(kldivloss.Logits),
		kldivloss.WithReduction(reduction))
}

// reconstruction is −ln p(x|z) of each image under Bernoulli pixels,
//
//	Σ_j softplus(l_j) − x_j·l_j
//
// in nats, (B), from the pixels' logits l and the binary images x, both (B, pixels).
func (n *network) reconstruction(pixelLogits, x *G.Node) (*G.Node, error) {
	softplus, err := G.Softplus(pixelLogits)
	if err != nil {
		return nil, errors.Wrap(err, "log normaliser")
	}
	chosen, err := G.HadamardProd(x, pixelLogits)
	if err != nil {
		return nil, errors.Wrap(err, "logits of the pixels that are on")
	}
	pixels, err := G.Sub(softplus, chosen)
	if err != nil {
		return nil, errors.Wrap(err, "−ln p of each pixel")
	}
	perImage, err := G.Sum(pixels, 1)
	return perImage, errors.Wrap(err, "−ln p of each image")
}

// scalar is a constant of the network's dtype.
func (n *network) scalar(v float64) *G.Node { return G.NewConstant(n.value(v)) }

// value converts v to the network's dtype, boxed as Gorgonia wants it.
func (n *network) value(v float64) any {
	if n.dtype == tensor.Float32 {
		return float32(v)
	}
	return v
}
