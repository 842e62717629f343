package main

import (
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/kldivloss/kldivloss/internal/adam"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// objective is the graph that training descends: the mean over a batch of
//
//	−ln p(x|z) + β·KL(q(z|x) ‖ p(z)), z ~ q(z|x), differentiable
//
// in nats an image, with its gradient with respect to every parameter. β = 1 makes it
// the −ELBO.
type objective[T float] struct {
	x                  []T // input, (B, pixels)
	draws              draws[T]
	beta               *G.Node
	reconstruction, kl G.Value
	gradients          []G.Value // of the encoder's and the decoder's parameters, in the order of θ
	machine            G.VM
}

func newObjective[T float](v *vae[T], batch int) (*objective[T], error) {
	n := newNetwork(v, batch)
	code := batch * v.latent.CodeWidth()
	o := &objective[T]{x: make([]T, batch*v.pixels), draws: draws[T]{make([]T, code), make([]T, code)}}
	x := n.input("x", o.x, batch, v.pixels)
	posterior, err := n.encode(x)
	if err != nil {
		return nil, errors.WithMessage(err, "encoder")
	}
	z, err := v.latent.Sample(n, posterior, &o.draws)
	if err != nil {
		return nil, errors.WithMessage(err, "latent sample")
	}
	pixelLogits, err := n.decode(z)
	if err != nil {
		return nil, errors.WithMessage(err, "decoder")
	}
	kl, err := v.latent.Divergence(n, posterior, kldivloss.ReductionBatchMean)
	if err != nil {
		return nil, errors.WithMessage(err, "KL")
	}
	perImage, err := n.reconstruction(pixelLogits, x)
	if err != nil {
		return nil, errors.WithMessage(err, "reconstruction")
	}
	reconstruction, err := G.Mean(perImage)
	if err != nil {
		return nil, errors.Wrap(err, "mean reconstruction")
	}
	o.beta = G.NewScalar(n.graph, kl.Dtype(), G.WithName("β"), G.WithValue(T(1)))
	weighted, err := G.Mul(o.beta, kl)
	if err != nil {
		return nil, errors.Wrap(err, "weight of the KL")
	}
	cost, err := G.Add(reconstruction, weighted)
	if err != nil {
		return nil, errors.Wrap(err, "cost")
	}
	gradients, err := G.Grad(cost, n.parameters...)
	if err != nil {
		return nil, errors.Wrap(err, "gradients")
	}
	// Reads must be in the graph before the machine compiles it.
	G.Read(reconstruction, &o.reconstruction)
	G.Read(kl, &o.kl)
	o.gradients = make([]G.Value, len(gradients))
	for i, g := range gradients {
		G.Read(g, &o.gradients[i])
	}
	o.machine = G.NewTapeMachine(n.graph)
	return o, nil
}

// run evaluates the cost and its gradient.
func (o *objective[T]) run(beta float64) error {
	if err := G.Let(o.beta, T(beta)); err != nil {
		return errors.Wrap(err, "weight of the KL")
	}
	err := o.machine.RunAll()
	o.machine.Reset()
	return errors.Wrap(err, "running the training graph")
}

// gradient is the last run's with respect to θ, in pieces, which the next overwrites.
func (o *objective[T]) gradient() [][]T {
	pieces := make([][]T, len(o.gradients))
	for i, g := range o.gradients {
		pieces[i] = g.Data().([]T)
	}
	return pieces
}

// loss is the last run's −ELBO in its two parts.
func (o *objective[T]) loss() (reconstruction, kl float64) {
	return scalar[T](o.reconstruction), scalar[T](o.kl)
}

func scalar[T float](v G.Value) float64 { return float64(v.Data().(T)) }

// trainer moves a vae's parameters along an objective's gradient with Adam.
type trainer struct {
	model     *vae[float32]
	objective *objective[float32]
	optimiser *adam.Adam[float32]
	images    images
	epochs    int // that the learning rate is planned for

	source *rand.PCG // of the batches and of the noise
	order  []int     // of the images in this epoch
	step   int       // in all epochs
	sums   ELBO      // of this epoch's batches
}

// ELBO is a mean −ELBO in its parts, nats an image.
type ELBO struct{ Reconstruction, KL float64 }

func (e ELBO) Negative() float64 { return e.Reconstruction + e.KL }

const adamEpsilon = 1e-8 // the paper's

func newTrainer(v *vae[float32], im images, epochs int, seed uint64) (*trainer, error) {
	o, err := newObjective(v, v.Batch)
	if err != nil {
		return nil, errors.WithMessage(err, "building the training graph")
	}
	return &trainer{
		model: v, objective: o, optimiser: adam.New[float32](len(v.theta), adamEpsilon),
		images: im, epochs: epochs, source: newSource(seed, streamTraining),
	}, nil
}

func (t *trainer) Close() error { return t.objective.machine.Close() }

// steps is the number of batches in an epoch. Images that don't fill a batch wait
// for the next epoch, which shuffles anew.
func (t *trainer) steps() int { return t.images.count() / t.model.Batch }

// epoch is the one that the next step is in, from 0.
func (t *trainer) epoch() int { return t.step / t.steps() }

// inEpoch is how many steps of it are done.
func (t *trainer) inEpoch() int { return t.step % t.steps() }

// advance takes one step, and shuffles the images before an epoch's first.
func (t *trainer) advance() error {
	rng := rand.New(t.source)
	if t.inEpoch() == 0 {
		t.order, t.sums = rng.Perm(t.images.count()), ELBO{}
	}
	size := t.model.Batch
	for i, image := range t.order[t.inEpoch()*size:][:size] {
		x := t.objective.x[i*imageSize:][:imageSize]
		if t.model.Binarise {
			// Anew each time, which keeps the network from learning one draw by heart.
			binarise(x, t.images.at(image), rng)
		} else {
			brightness(x, t.images.at(image))
		}
	}
	done := float64(t.step) / float64(t.epochs*t.steps())
	t.model.latent.Renew(&t.objective.draws, t.model.temperature(done), rng)
	if err := t.objective.run(t.model.beta(done)); err != nil {
		return err
	}
	t.optimiser.Descend(t.model.theta, t.model.rate(done), t.objective.gradient()...)
	reconstruction, kl := t.objective.loss()
	t.sums.Reconstruction += reconstruction
	t.sums.KL += kl
	t.step++
	return nil
}

// trained is the mean −ELBO of the epoch's batches so far, of the samples that training
// used.
func (t *trainer) trained(batches int) ELBO {
	return ELBO{t.sums.Reconstruction / float64(batches), t.sums.KL / float64(batches)}
}
