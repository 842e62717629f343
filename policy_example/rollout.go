package main

import (
	"math"
	"math/rand/v2"
	"sync"
)

// worker drives one environment. Its episode goes on from one rollout to the next.
type worker[T float] struct {
	task   task
	env    environment
	source *rand.PCG // what rng draws from: its state goes into checkpoints
	rng    *rand.Rand
	episode
	discounted float64 // Σ γᵏ r of the episode so far, latest reward first

	policy, value *forward[T]
}

// episode is how far an episode has come.
type episode struct {
	Return float64
	Length int // steps
}

// segment is what one worker did in a rollout of T steps.
type segment struct {
	observations     []float64   // (T, observations), before normalisation, in which the actions were taken
	actions          []int       // (T)
	logProbabilities []float64   // (T) log π(a|s) of the actions when they were taken
	trajectory                   // with rewards before normalisation
	last             []float64   // the observation after the rollout, before normalisation
	cutOff           [][]float64 // (T) the one in which the time limit ended an episode, likewise; empty where it did not
	discounted       []float64   // the discounted return up to each step
	episodes         []episode   // that ended
}

func newWorker[T float](t task, source *rand.PCG, policy, value *network[T]) *worker[T] {
	w := &worker[T]{
		task: t, env: t.make(), source: source, rng: rand.New(source),
		policy: newForward(policy), value: newForward(value),
	}
	w.env.reset(w.rng)
	return w
}

// rollout lets all workers act at the same time, for the given number of steps each.
// A worker has its own random numbers: what it does depends on no other.
func rollout[T float](workers []*worker[T], n *normaliser, horizon int, gamma float64) []segment {
	segments := make([]segment, len(workers))
	var wait sync.WaitGroup
	for i, w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			segments[i] = w.run(n, horizon, gamma)
		}()
	}
	wait.Wait()
	return segments
}

func (w *worker[T]) run(n *normaliser, horizon int, gamma float64) segment {
	var s segment
	for range horizon {
		raw := observe(w.env, w.task)
		observation := normalised[T](raw, n)
		logits := w.policy.at(observation)
		action := sample(logits, w.rng)
		s.observations = append(s.observations, raw...)
		s.actions = append(s.actions, action)
		s.logProbabilities = append(s.logProbabilities, logProbability(logits, action))
		s.ratios = append(s.ratios, 1)
		s.values = append(s.values, float64(w.value.at(observation)[0]))

		reward, terminated := w.env.step(action)
		w.Return += reward
		w.Length++
		w.discounted = reward + gamma*w.discounted
		truncated := !terminated && w.Length >= w.task.limit
		bootstrap := 0.0
		var cutOff []float64
		if truncated {
			cutOff = observe(w.env, w.task)
			bootstrap = valueAt(w.value, cutOff, n)
		}
		s.rewards = append(s.rewards, reward)
		s.discounted = append(s.discounted, w.discounted)
		s.ends = append(s.ends, terminated || truncated)
		s.bootstraps = append(s.bootstraps, bootstrap)
		s.cutOff = append(s.cutOff, cutOff)
		if terminated || truncated {
			s.episodes = append(s.episodes, w.episode)
			w.episode, w.discounted = episode{}, 0
			w.env.reset(w.rng)
		}
	}
	s.last = observe(w.env, w.task)
	s.values = append(s.values, valueAt(w.value, s.last, n))
	return s
}

// valueAt is V of an observation before normalisation.
func valueAt[T float](value *forward[T], raw []float64, n *normaliser) float64 {
	return float64(value.at(normalised[T](raw, n))[0])
}

func observe(env environment, t task) []float64 {
	raw := make([]float64, t.observations)
	env.observe(raw)
	return raw
}

// normalised is an observation as the networks see it.
func normalised[T float](raw []float64, n *normaliser) []T {
	wide := append([]float64(nil), raw...)
	n.observation(wide)
	narrow := make([]T, len(wide))
	for i, v := range wide {
		narrow[i] = T(v)
	}
	return narrow
}

// sample draws an action from the softmax of the logits.
func sample[T float](logits []T, rng *rand.Rand) int {
	highest, total := partition(logits)
	u := rng.Float64() * total
	for action, z := range logits {
		if u -= math.Exp(float64(z) - highest); u < 0 {
			return action
		}
	}
	return len(logits) - 1 // what rounding leaves
}

// logProbability is log π(action), π being the softmax of the logits.
func logProbability[T float](logits []T, action int) float64 {
	highest, total := partition(logits)
	return float64(logits[action]) - highest - math.Log(total)
}

// partition returns the highest logit and the partition function of the logits less that.
func partition[T float](logits []T) (highest, total float64) {
	highest = float64(logits[greedy(logits)])
	for _, z := range logits {
		total += math.Exp(float64(z) - highest)
	}
	return highest, total
}

// greedy is the likeliest action.
func greedy[T float](logits []T) int {
	best := 0
	for i, z := range logits {
		if z > logits[best] {
			best = i
		}
	}
	return best
}
