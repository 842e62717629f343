package main

import "math/rand/v2"

// environment is a simulator of one Markov decision process with finitely many
// actions. Time limits are no part of it: the rollout counts steps, so that an
// episode that ran out of time is told apart from one that ended.
//
// To train on an environment of your own, implement these four methods and add a
// row to tasks.
type environment interface {
	// reset draws the first state of an episode.
	reset(rng *rand.Rand)
	// step applies an action, 0 … task.actions−1, and returns the reward and whether
	// the new state is terminal.
	step(action int) (reward float64, terminated bool)
	// observe writes the observation of the current state, task.observations numbers.
	observe(observation []float64)
	// state is the whole of the current state, not a copy: what is written to it is
	// the new state. Checkpoints restore an episode through it.
	state() []float64
}

// task is an environment with what is known about it.
type task struct {
	name         string
	observations int // length of an observation
	actions      int
	limit        int     // steps after which an episode is cut off
	solved       float64 // the return that Gymnasium calls solved
	make         func() environment
	draw         func(scene *scene, state []float64)
	frame        int // hundredths of a second that a replay shows a step
	settings     settings
}

var tasks = []task{
	{"CartPole-v1", 4, 2, 500, 475, newCartPole, drawCartPole, 2, cartPoleSettings},
	{"Acrobot-v1", 6, 3, 500, -100, newAcrobot, drawAcrobot, 7, acrobotSettings},
	{"MountainCar-v0", 2, 3, 200, -110, newMountainCar, drawMountainCar, 3, mountainCarSettings},
}

// float32s rounds to float32, as Gymnasium's observations are.
func float32s(observation []float64) {
	for i, v := range observation {
		observation[i] = float64(float32(v))
	}
}

func uniform(rng *rand.Rand, low, high float64) float64 {
	return low + (high-low)*rng.Float64()
}
