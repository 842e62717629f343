package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// stairs is a user's own environment: action 1 climbs one of 3 stairs, 0 stays. The
// top ends the episode, with a reward of 10.
type stairs struct{ s [1]float64 }

func (s *stairs) reset(rng *rand.Rand) { s.s[0] = 0 }
func (s *stairs) step(action int) (float64, bool) {
	s.s[0] += float64(action)
	if s.s[0] == 3 {
		return 10, true
	}
	return -1, false
}
func (s *stairs) observe(observation []float64) { observation[0] = s.s[0] }
func (s *stairs) state() []float64              { return s.s[:] }

func stairsTask(limit int) task {
	return task{
		name: "Stairs", observations: 1, actions: 2, limit: limit, solved: 7,
		make: func() environment { return new(stairs) },
		draw: func(s *scene, state []float64) {
			s.look(point{0, 1.5}, 8)
			s.disc(inkTeal, point{0, state[0]}, 4)
		},
		frame: 5,
		settings: settings{
			Environments: 3, Horizon: 20, Gamma: 0.9, Lambda: 0.9, Normalize: true,
			Reuse: 1, Radius: 0.05, RadiusPower: 1, FinalRadius: 0.5, Damping: 1e-2, CGIterations: 5, LineSearchSteps: 10, LineSearchShrink: 0.8,
			ValueEpochs: 2, ValueBatch: 30, LearningRate: 1e-3,
		},
	}
}

// always is a network that prefers one action by far and values s at 1 + s.
func always(action int) (policy, value *network[float64]) {
	policy = &network[float64]{widths: []int{1, 2}, theta: make([]float64, 4)}
	policy.theta[2+action] = 100
	return policy, &network[float64]{widths: []int{1, 1}, theta: []float64{1, 1}}
}

// TestTermination: an episode that ended bootstraps nothing.
func TestTermination(t *testing.T) {
	task := stairsTask(100)
	policy, value := always(1)
	w := newWorker(task, newSource(1, 1), policy, value)
	s := w.run(newNormaliser(1, false), 5, 0.5)
	within(t, "observations", s.observations, []float64{0, 1, 2, 0, 1}, 0)
	within(t, "rewards", s.rewards, []float64{-1, -1, 10, -1, -1}, 0)
	within(t, "values", s.values, []float64{1, 2, 3, 1, 2, 3}, 0)
	within(t, "bootstraps", s.bootstraps, make([]float64, 5), 0)
	within(t, "discounted returns", s.discounted, []float64{-1, -1.5, 9.25, -1, -1.5}, 0)
	if !slices.Equal(s.ends, []bool{false, false, true, false, false}) {
		t.Errorf("ends %v", s.ends)
	}
	if !slices.Equal(s.episodes, []episode{{8, 3}}) || w.episode != (episode{-2, 2}) {
		t.Errorf("episodes %v and %v", s.episodes, w.episode)
	}
	// The next rollout goes on with the episode.
	if s := w.run(newNormaliser(1, false), 1, 0.5); !s.ends[0] || !slices.Equal(s.episodes, []episode{{8, 3}}) {
		t.Errorf("the second rollout %+v", s)
	}
}

// TestTruncation: an episode that ran out of time bootstraps the value of the state it
// was in, not of the one it starts anew from. One that ends just then has ended.
func TestTruncation(t *testing.T) {
	policy, value := always(1)
	s := newWorker(stairsTask(2), newSource(1, 1), policy, value).run(newNormaliser(1, false), 4, 0.5)
	within(t, "bootstraps", s.bootstraps, []float64{0, 3, 0, 3}, 0)
	within(t, "values", s.values, []float64{1, 2, 1, 2, 1}, 0)
	if !slices.Equal(s.ends, []bool{false, true, false, true}) || !slices.Equal(s.episodes, []episode{{-2, 2}, {-2, 2}}) {
		t.Errorf("ends %v, episodes %v", s.ends, s.episodes)
	}
	s = newWorker(stairsTask(3), newSource(1, 1), policy, value).run(newNormaliser(1, false), 3, 0.5)
	within(t, "bootstraps of a termination at the limit", s.bootstraps, make([]float64, 3), 0)
	if !slices.Equal(s.episodes, []episode{{8, 3}}) {
		t.Errorf("episodes %v", s.episodes)
	}
}

// TestNormalisedRollout: what the networks see is normalised, what the segment holds
// is not.
func TestNormalisedRollout(t *testing.T) {
	n := newNormaliser(1, true)
	n.add([]float64{0, 2}, []float64{-3, 3}) // mean 1, deviation 1; deviation of returns 3
	policy, value := always(1)
	s := newWorker(stairsTask(100), newSource(1, 1), policy, value).run(n, 3, 0.5)
	within(t, "values of normalised observations", s.values, []float64{0, 1, 2, 0}, 1e-7)
	within(t, "observations", s.observations, []float64{0, 1, 2}, 0)
	within(t, "rewards", s.rewards, []float64{-1, -1, 10}, 0)
	if !slices.Equal(s.episodes, []episode{{8, 3}}) {
		t.Errorf("the episode's return is %v, want it as it is", s.episodes)
	}
}

// TestRolloutIsReproducible, however the workers are scheduled.
func TestRolloutIsReproducible(t *testing.T) {
	task, err := taskNamed("CartPole-v1")
	check0(t, err)
	roll := func() []segment {
		var workers []*worker[float32]
		policy := newNetwork[float32](4, 2, 1, newRand(1, 1))
		value := newNetwork[float32](4, 1, 1, newRand(1, 2))
		for i := range uint64(4) {
			workers = append(workers, newWorker(task, newSource(7, i), policy, value))
		}
		return rollout(workers, newNormaliser(4, false), 100, 0.99)
	}
	first, second := roll(), roll()
	for i := range first {
		if !slices.Equal(first[i].observations, second[i].observations) || !slices.Equal(first[i].actions, second[i].actions) {
			t.Errorf("worker %d did two things", i)
		}
	}
	if slices.Equal(first[0].actions, first[1].actions) {
		t.Error("two workers did the same")
	}
}

// TestSample draws actions as often as the softmax says.
func TestSample(t *testing.T) {
	rng := newRand(3, 0)
	logits := []float64{1000, 1001, 998, math.Inf(-1)}
	const draws = 100_000
	var counts [4]float64
	for range draws {
		counts[sample(logits, rng)] += 1. / draws
	}
	want := probabilities([]float64{0, 1, -2})
	for i, q := range append(want, 0) {
		near(t, "frequency", counts[i], q, 5*math.Sqrt(q/draws))
	}
	if greedy(logits) != 1 {
		t.Errorf("the likeliest action is %d", greedy(logits))
	}
}

func TestLogProbability(t *testing.T) {
	logits := []float64{1000, 1001, 998, math.Inf(-1)}
	for i, q := range probabilities([]float64{0, 1, -2}) {
		near(t, "log π", logProbability(logits, i), math.Log(q), 1e-12)
	}
}

func TestEvaluate(t *testing.T) {
	policy, _ := always(1)
	returns := evaluate(stairsTask(100), policy, newNormaliser(1, false), 1, 7)
	within(t, "returns", returns, []float64{8, 8, 8, 8, 8, 8, 8}, 0)
	policy, _ = always(0)
	returns = evaluate(stairsTask(4), policy, newNormaliser(1, false), 1, 2)
	within(t, "returns of who stays", returns, []float64{-4, -4}, 0)

	// Fresh episodes, the same for one seed, others for another.
	task, err := taskNamed("CartPole-v1")
	check0(t, err)
	net := newNetwork[float32](4, 2, 1, newRand(1, 1))
	off := newNormaliser(4, false)
	first := evaluate(task, net, off, 1, 20)
	if !slices.Equal(first, evaluate(task, net, off, 1, 20)) {
		t.Error("one seed, two evaluations")
	}
	if slices.Equal(first, evaluate(task, net, off, 2, 20)) || slices.Max(first) == slices.Min(first) {
		t.Errorf("the episodes are the same: %v", first)
	}
}
