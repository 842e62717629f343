package main

import (
	"math/rand/v2"

	"github.com/kldivloss/kldivloss"
	"github.com/kldivloss/kldivloss/internal/adam"
	G "gorgonia.org/gorgonia"
)

const adamEpsilon = 1e-5 // Stable-Baselines3's

// critic learns V(s) by regression on the value targets, in minibatches of B samples.
type critic[T float] struct {
	network   *network[T]
	optimiser *adam.Adam[T]

	observations, targets []T         // of a minibatch: (B, observations) and (B, 1)
	loss                  *machine[T] // the loss, then its gradient
	gradient              []T
}

// newCritic builds the graph of the loss
//
//	1/B Σ (V(s) − target)²
//
// and of its gradient.
func newCritic[T float](n *network[T], batch int) (*critic[T], error) {
	c := &critic[T]{
		network:      n,
		optimiser:    adam.New[T](n.size(), adamEpsilon),
		observations: make([]T, batch*n.widths[0]),
		targets:      make([]T, batch),
		gradient:     make([]T, n.size()),
	}
	b := newBuilder[T](batch)
	parameters := b.parameters("φ", n, n.theta)
	value := b.perceptron(b.input("observations", c.observations, batch, n.widths[0]), parameters)
	miss := b.binary(G.Sub, value, b.input("targets", c.targets, batch, 1))
	loss := b.scaled(b.sum(b.binary(G.HadamardProd, miss, miss)), 1/float64(batch))
	gradient := b.nodes(func() (G.Nodes, error) { return kldivloss.Grad(loss, parameters...) })
	var err error
	c.loss, err = b.compile(append(G.Nodes{loss}, gradient...)...)
	return c, err
}

// fit goes through the samples, (N, observations) and (N), the given number of times,
// each time in another order, and returns the mean loss of the last time. A rest of
// less than a minibatch is left out.
func (c *critic[T]) fit(observations []T, targets []float64, epochs int, rate float64, rng *rand.Rand) (float64, error) {
	width, batch := c.network.widths[0], len(c.targets)
	order := make([]int, len(targets))
	for i := range order {
		order[i] = i
	}
	batches := len(order) / batch
	mean := 0.0
	for range epochs {
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		mean = 0
		for b := range batches {
			for i, sample := range order[b*batch : (b+1)*batch] {
				copy(c.observations[i*width:(i+1)*width], observations[sample*width:])
				c.targets[i] = T(targets[sample])
			}
			if err := c.step(rate); err != nil {
				return 0, err
			}
			mean += c.loss.scalar(0) / float64(batches)
		}
	}
	return mean, nil
}

// step descends the loss of the minibatch in c.observations and c.targets.
func (c *critic[T]) step(rate float64) error {
	if err := c.loss.run(); err != nil {
		return err
	}
	c.loss.gather(c.gradient, 1)
	c.optimiser.Descend(c.network.theta, rate, c.gradient)
	return nil
}

func (c *critic[T]) Close() error { return c.loss.Close() }
