package main

import (
	"math"
	"math/rand/v2"
)

// Every purpose draws from a stream of its own, so that, say, another batch size or
// one more evaluation doesn't change the initial weights. Gorgonia's initialisers
// aren't used: they draw from a source that can't be seeded.
const (
	streamWeights = iota + 1
	streamTraining
	streamEvaluation
	streamTestSet
	streamSamples
	streamBound
)

// testSetSeed fixes the binarised test set and its latent samples whatever -seed
// is, so that runs are comparable.
const testSetSeed = 1

func newSource(seed, stream uint64) *rand.PCG { return rand.NewPCG(seed, stream) }

func newRand(seed, stream uint64) *rand.Rand { return rand.New(newSource(seed, stream)) }

// gumbelNoise is standard Gumbel noise, −ln e of an exponentially distributed e.
func gumbelNoise(rng *rand.Rand) float64 {
	// One draw in 2³² is 0, whose logarithm is infinite.
	return -math.Log(max(rng.ExpFloat64(), math.SmallestNonzeroFloat64))
}
