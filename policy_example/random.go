package main

import "math/rand/v2"

// Every purpose draws from a stream of its own: one more evaluation, say, changes
// nothing in the training. Gorgonia's initialisers are not used: they can't be seeded.
const (
	streamPolicy = iota + 1
	streamValue
	streamMinibatches
	streamReplay
	streamEnvironments = 1 << 20 // plus the number of the environment
	streamEvaluation   = 1 << 40 // plus the number of the episode
)

func newSource(seed, stream uint64) *rand.PCG { return rand.NewPCG(seed, stream) }

func newRand(seed, stream uint64) *rand.Rand { return rand.New(newSource(seed, stream)) }
