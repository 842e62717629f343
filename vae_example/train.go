package main

import (
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

const (
	batchSize    = 100
	learningRate = 1e-3
	temperature  = 0.5 // of the relaxed samples, throughout
)

// objective is the graph that training descends: the mean over a batch of
//
//	−ELBO = −ln p(x|z) + KL(q(z|x) ‖ p(z)), z ~ q(z|x) relaxed
//
// in nats an image, with its gradient with respect to every parameter.
type objective struct {
	x, noise   *tensor.Dense // inputs: (B, pixels) and (B, latents, classes)
	parameters G.Nodes
	negELBO    G.Value // of the last run
	machine    G.VM
}

func newObjective(v *vae, batch int) (*objective, error) {
	n := newNetwork(v, batch)
	o := &objective{
		x:     zeros(v.dtype, batch, v.pixels),
		noise: zeros(v.dtype, batch, v.latents, v.classes),
	}
	x := n.input("x", o.x)
	logits, err := n.encode(x)
	if err != nil {
		return nil, errors.WithMessage(err, "encoder")
	}
	z, err := n.relax(logits, n.input("noise", o.noise), temperature)
	if err != nil {
		return nil, errors.WithMessage(err, "latent sample")
	}
	pixelLogits, err := n.decode(z)
	if err != nil {
		return nil, errors.WithMessage(err, "decoder")
	}
	kl, err := n.klFromPrior(logits, kldivloss.ReductionBatchMean)
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
	negELBO, err := G.Add(reconstruction, kl)
	if err != nil {
		return nil, errors.Wrap(err, "−ELBO")
	}
	// Reads must be in the graph before the machine compiles it.
	G.Read(negELBO, &o.negELBO)
	if _, err := G.Grad(negELBO, n.parameters...); err != nil {
		return nil, errors.Wrap(err, "gradients")
	}
	o.parameters = n.parameters
	o.machine = G.NewTapeMachine(n.graph, G.BindDualValues(n.parameters...))
	return o, nil
}

// run evaluates the loss and adds its gradients to the parameters' dual values.
func (o *objective) run() error {
	err := o.machine.RunAll()
	o.machine.Reset()
	return errors.Wrap(err, "running the training graph")
}

// trainer moves a vae's weights along an objective's gradient with Adam.
type trainer struct {
	objective *objective
	solver    G.Solver
	images    images
	rng       *rand.Rand
}

func newTrainer(v *vae, im images, seed uint64) (*trainer, error) {
	o, err := newObjective(v, batchSize)
	if err != nil {
		return nil, errors.WithMessage(err, "building the training graph")
	}
	return &trainer{
		objective: o,
		solver:    G.NewAdamSolver(G.WithLearnRate(learningRate)),
		images:    im,
		rng:       newRand(seed, streamTraining),
	}, nil
}

func (t *trainer) Close() error { return t.objective.machine.Close() }

// steps is the number of batches in an epoch. Images that don't fill a batch wait
// for the next epoch, which shuffles anew.
func (t *trainer) steps() int { return t.images.count() / batchSize }

// epoch goes through the training images once, calling step after each batch, and
// returns the mean relaxed −ELBO of the batches, nats an image.
func (t *trainer) epoch(step func()) (float64, error) {
	x := t.objective.x.Data().([]float32)
	noise := t.objective.noise.Data().([]float32)
	parameters := G.NodesToValueGrads(t.objective.parameters)
	order := t.rng.Perm(t.images.count())
	total := 0.0
	for s := 0; s < t.steps(); s++ {
		for i, image := range order[s*batchSize : (s+1)*batchSize] {
			// Binarising anew each time keeps the network from learning one draw by heart.
			binarise(x[i*imageSize:(i+1)*imageSize], t.images.at(image), t.rng)
		}
		gumbel(noise, t.rng)
		if err := t.objective.run(); err != nil {
			return 0, err
		}
		// The solver also clears the gradients, which would add up otherwise.
		if err := t.solver.Step(parameters); err != nil {
			return 0, errors.Wrap(err, "Adam step")
		}
		total += float64(t.objective.negELBO.Data().(float32))
		step()
	}
	return total / float64(t.steps()), nil
}
