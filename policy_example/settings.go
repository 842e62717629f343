package main

import "math"

// settings are the hyperparameters of a task. They are part of a checkpoint.
type settings struct {
	Environments int     // that are rolled out at once
	Horizon      int     // steps of each in a rollout
	Gamma        float64 // discount γ
	Lambda       float64 // λ of the generalised advantage estimates
	Normalize    bool    // observations and rewards by running statistics

	Reuse int // rollouts that an update is made from: the newest and those before it

	Radius           float64 // δ, nats, at the start; it falls as (1 − share done)^RadiusPower …
	RadiusPower      float64
	FinalRadius      float64 // … to this share of it
	Damping          float64 // c in F + cI
	CGIterations     int
	LineSearchSteps  int     // step lengths that are tried
	LineSearchShrink float64 // from one to the next

	ValueEpochs  int // passes over the rollouts of an update
	ValueBatch   int // samples of a minibatch
	LearningRate float64
}

// samples is the number of steps in a rollout, N.
func (s settings) samples() int { return s.Environments * s.Horizon }

// batch is the number of samples that an update is made from.
func (s settings) batch() int { return s.samples() * s.Reuse }

// radius is δ after a share of the training, 0 to 1.
func (s settings) radius(done float64) float64 {
	return s.Radius * max(s.FinalRadius, math.Pow(1-done, s.RadiusPower))
}

// cgTolerance ends the conjugate gradient at this ‖b − A x‖²
// (Stable-Baselines3-contrib).
const cgTolerance = 1e-10

// The settings of the tasks. Sources: "zoo" is the TRPO entry of
// github.com/DLR-RM/rl-baselines3-zoo, hyperparams/trpo.yml, "sb3" the defaults of
// Stable-Baselines3-contrib's TRPO where the zoo has none, and "ours" was chosen on
// seeds 100 to 109, never on 0 to 9.

var cartPoleSettings = settings{
	Environments:     2,     // zoo
	Horizon:          512,   // zoo
	Gamma:            0.99,  // sb3
	Lambda:           0.98,  // zoo
	Normalize:        false, // zoo
	Reuse:            1,     // sb3
	Radius:           0.01,  // sb3
	RadiusPower:      1,     // ours
	FinalRadius:      0.1,   // ours: a fixed radius keeps moving a solved policy on noise
	Damping:          1e-3,  // zoo
	CGIterations:     10,    // ours: sb3's 15 gain nothing
	LineSearchSteps:  10,    // sb3
	LineSearchShrink: 0.8,   // sb3
	ValueEpochs:      20,    // zoo
	ValueBatch:       64,    // ours: zoo's 512 leaves V behind, with 40 steps an update
	LearningRate:     1e-3,  // zoo
}

var acrobotSettings = settings{
	Environments:     8,    // ours: zoo's 2 see too few episodes at once
	Horizon:          128,  // ours: half as many new samples an update as zoo's 2 × 1024
	Gamma:            0.99, // sb3
	Lambda:           0.9,  // ours: 0.98 does worse
	Normalize:        true, // zoo
	Reuse:            4,    // ours: a return of −130 after 20,000 steps, with 1 it is −210
	Radius:           0.04, // ours: sb3's 0.01 rejects nothing and is slower
	RadiusPower:      2,    // ours: with 1 some policies get worse again in the last half
	FinalRadius:      0.02, // ours: less noise at the end
	Damping:          0.5,  // ours: with 0.01 the likeliest actions go in circles now and then
	CGIterations:     5,    // ours
	LineSearchSteps:  10,   // sb3
	LineSearchShrink: 0.8,  // sb3
	ValueEpochs:      4,    // ours: each sample is in four updates
	ValueBatch:       128,  // sb3
	LearningRate:     1e-3, // sb3
}

var mountainCarSettings = settings{
	Environments:     8,    // ours
	Horizon:          128,  // ours: more updates, of fewer samples, than zoo's 2 × 1024
	Gamma:            0.99, // sb3
	Lambda:           0.98, // ours: sb3's 0.95 is slower
	Normalize:        true, // zoo
	Reuse:            1,    // sb3
	Radius:           0.02, // ours: 0.04 stays with the first way up that it finds, more often
	RadiusPower:      1,    // ours
	FinalRadius:      0.1,  // ours
	Damping:          0.01, // ours: sb3's 0.1 is slower
	CGIterations:     10,   // ours
	LineSearchSteps:  10,   // sb3
	LineSearchShrink: 0.8,  // sb3
	ValueEpochs:      20,   // zoo
	ValueBatch:       128,  // sb3
	LearningRate:     1e-3, // sb3
}
