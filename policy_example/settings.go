package main

// settings are the hyperparameters of a task. They are part of a checkpoint.
type settings struct {
	Environments int     // that are rolled out at once
	Horizon      int     // steps of each in a rollout
	Gamma        float64 // discount γ
	Lambda       float64 // λ of the generalised advantage estimates
	Normalize    bool    // observations and rewards by running statistics

	Radius           float64 // δ, nats, at the start; it falls linearly …
	FinalRadius      float64 // … to this share of it
	Damping          float64 // c in F + cI
	CGIterations     int
	LineSearchSteps  int     // step lengths that are tried
	LineSearchShrink float64 // from one to the next

	ValueEpochs  int // passes over a rollout
	ValueBatch   int // samples of a minibatch
	LearningRate float64
}

// samples is the number of steps in a rollout, N.
func (s settings) samples() int { return s.Environments * s.Horizon }

// radius is δ after a share of the training, 0 to 1.
func (s settings) radius(done float64) float64 {
	return s.Radius * max(s.FinalRadius, 1-done)
}

// cgTolerance ends the conjugate gradient at this ‖b − A x‖²
// (Stable-Baselines3-contrib).
const cgTolerance = 1e-10

var cartPoleSettings = settings{
	Environments: 2, Horizon: 512, Gamma: 0.99, Lambda: 0.98,
	Radius: 0.01, FinalRadius: 0.1, Damping: 1e-3, CGIterations: 10, LineSearchSteps: 10, LineSearchShrink: 0.8,
	ValueEpochs: 20, ValueBatch: 64, LearningRate: 1e-3,
}

var acrobotSettings = settings{
	Environments: 2, Horizon: 1024, Gamma: 0.99, Lambda: 0.95, Normalize: true,
	Radius: 0.01, FinalRadius: 0.1, Damping: 0.1, CGIterations: 10, LineSearchSteps: 10, LineSearchShrink: 0.8,
	ValueEpochs: 10, ValueBatch: 128, LearningRate: 1e-3,
}

var mountainCarSettings = settings{
	Environments: 2, Horizon: 1024, Gamma: 0.99, Lambda: 0.95, Normalize: true,
	Radius: 0.01, FinalRadius: 0.1, Damping: 0.1, CGIterations: 10, LineSearchSteps: 10, LineSearchShrink: 0.8,
	ValueEpochs: 20, ValueBatch: 128, LearningRate: 1e-3,
}
