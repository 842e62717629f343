package main

import (
	"math"
	"math/rand/v2"
)

// trainer trains one policy from one seed.
type trainer[T float] struct {
	task   task
	plan   plan
	policy *policy[T]
	critic *critic[T]

	normaliser  *normaliser
	workers     []*worker[T]
	minibatches *rand.PCG // the order of the critic's samples

	step    int
	kept    []experience // of the last Reuse − 1 rollouts, the newest first
	recent  []float64    // returns of the last episodes that ended, at most recentEpisodes
	history []record
}

// plan says which training this is. A checkpoint goes on with the same one only.
type plan struct {
	Task     string
	Seed     uint64
	Steps    int // in all environments together; a multiple of a rollout is trained
	Settings settings
}

// recentEpisodes is how many the reported return is a mean of.
const recentEpisodes = 100

// record is what is known of one update.
type record struct {
	Step              int     // taken so far
	Return            float64 // mean of the last episodes, without discount; NaN before the first ended
	Episodes          int     // that ended in this rollout
	Radius            float64
	Policy            improvement
	ValueLoss         float64
	ExplainedVariance float64
}

func newTrainer[T float](t task, p plan) (*trainer[T], error) {
	s := p.Settings
	// A small gain of the last layer makes all actions nearly equally likely at first.
	actor := newNetwork[T](t.observations, t.actions, 0.01, newRand(p.Seed, streamPolicy))
	value := newNetwork[T](t.observations, 1, 1, newRand(p.Seed, streamValue))
	policy, err := newPolicy(actor, s.batch())
	if err != nil {
		return nil, err
	}
	critic, err := newCritic(value, s.ValueBatch)
	if err != nil {
		return nil, err
	}
	tr := &trainer[T]{
		task: t, plan: p, policy: policy, critic: critic,
		normaliser:  newNormaliser(t.observations, s.Normalize),
		minibatches: newSource(p.Seed, streamMinibatches),
	}
	for i := range s.Environments {
		tr.workers = append(tr.workers, newWorker(t, newSource(p.Seed, streamEnvironments+uint64(i)), actor, value))
	}
	return tr, nil
}

func (t *trainer[T]) done() bool { return t.step >= t.plan.Steps }

// remaining is how many steps are still to be taken, in whole rollouts.
func (t *trainer[T]) remaining() int {
	samples := t.plan.Settings.samples()
	return (t.plan.Steps - t.step + samples - 1) / samples * samples
}

// iterate takes one rollout and updates both networks with it and those that are kept.
func (t *trainer[T]) iterate() (record, error) {
	s := t.plan.Settings
	r := record{Radius: s.radius(float64(t.step) / float64(t.plan.Steps))}
	segments := rollout(t.workers, t.normaliser, s.Horizon, s.Gamma)
	t.step += s.samples()
	r.Step = t.step

	for _, segment := range segments {
		t.normaliser.add(segment.observations, segment.discounted)
	}
	set := t.assemble(append(segments, t.recalled()...))
	var err error
	if r.Policy, err = t.policy.improve(r.Radius, s); err != nil {
		return r, err
	}
	r.ExplainedVariance = explainedVariance(set.values, set.targets)
	if r.ValueLoss, err = t.critic.fit(set.observations, set.targets, s.ValueEpochs, s.LearningRate, rand.New(t.minibatches)); err != nil {
		return r, err
	}
	t.keep(segments)
	for _, segment := range segments {
		for _, e := range segment.episodes {
			t.recent = append(t.recent, e.Return)
			r.Episodes++
		}
	}
	t.recent = t.recent[max(0, len(t.recent)-recentEpisodes):]
	r.Return = t.recentReturn()
	t.history = append(t.history, r)
	return r, nil
}

func (t *trainer[T]) recentReturn() float64 {
	if len(t.recent) == 0 {
		return math.NaN()
	}
	mean, _ := meanStd(t.recent)
	return mean
}

// sampleSet is rollouts as the critic sees them.
type sampleSet[T float] struct {
	observations    []T       // (N, observations)
	targets, values []float64 // (N), values being V before the update
}

// assemble fills the policy's batch from the segments and returns the critic's part.
//
// The surrogate of a step of an earlier policy π_j is π/π_j Â = π/π_old · (π_old/π_j Â): it
// is a step of π_old whose advantage is weighted by the ratio. Queeney, Paschalidis,
// Cassandras, "Generalized proximal policy optimization with sample reuse", 2021. Until
// there are rollouts enough for the batch those that there are repeat.
//
// It normalises observations and rewards by statistics that include these segments.
// That matters after the first rollout, in which both were as they are: policy and
// critic would learn from scales that are gone with the next. Later the statistics
// hardly move from one rollout to the next.
func (t *trainer[T]) assemble(segments []segment) sampleSet[T] {
	s, b := t.plan.Settings, t.policy.batch
	var set sampleSet[T]
	var actions []int
	var advantages, ratios []float64
	for _, segment := range segments {
		raw := segment.rewards // kept as they are
		segment.rewards = nil
		for _, r := range raw {
			segment.rewards = append(segment.rewards, t.normaliser.reward(r))
		}
		estimates, targets := segment.advantages(s.Gamma, s.Lambda)
		actions = append(actions, segment.actions...)
		advantages = append(advantages, estimates...)
		ratios = append(ratios, segment.ratios...)
		set.targets = append(set.targets, targets...)
		set.values = append(set.values, segment.values[:s.Horizon]...)
		for i := range segment.actions {
			raw := segment.observations[i*t.task.observations:][:t.task.observations]
			set.observations = append(set.observations, normalised[T](raw, t.normaliser)...)
		}
	}
	samples := len(b.advantages)
	copy(b.observations, repeated(set.observations, len(b.observations)))
	clear(b.actions)
	for i, action := range repeated(actions, samples) {
		b.actions[i*t.task.actions+action] = 1
	}
	advantages, ratios = repeated(advantages, samples), repeated(ratios, samples)
	mean, std := meanStd(advantages)
	for i, a := range advantages {
		normal := (a - mean) / (std + 1e-8)
		b.advantages[i] = T(min(ratios[i], ratioLimit) * normal)
	}
	return set
}

// explainedVariance is 1 − Var(target − V) / Var(target): 1 for a perfect critic, 0
// for one that knows the mean only.
func explainedVariance(values, targets []float64) float64 {
	misses := make([]float64, len(values))
	for i, v := range values {
		misses[i] = targets[i] - v
	}
	_, missed := meanStd(misses)
	_, total := meanStd(targets)
	return 1 - missed*missed/(total*total)
}

func (t *trainer[T]) Close() error { return closeAll(t.policy, t.critic) }
