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
	observations []float64 // (T, observations), before normalisation, in which the actions were taken
	actions      []int     // (T)
	trajectory             // with rewards before normalisation
	discounted   []float64 // the discounted return up to each step
	episodes     []episode // that ended
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
		action := sample(w.policy.at(observation), w.rng)
		s.observations = append(s.observations, raw...)
		s.actions = append(s.actions, action)
		s.values = append(s.values, float64(w.value.at(observation)[0]))

		reward, terminated := w.env.step(action)
		w.Return += reward
		w.Length++
		w.discounted = reward + gamma*w.discounted
		truncated := !terminated && w.Length >= w.task.limit
		bootstrap := 0.0
		if truncated {
			bootstrap = w.valueHere(n)
		}
		s.rewards = append(s.rewards, reward)
		s.discounted = append(s.discounted, w.discounted)
		s.ends = append(s.ends, terminated || truncated)
		s.bootstraps = append(s.bootstraps, bootstrap)
		if terminated || truncated {
			s.episodes = append(s.episodes, w.episode)
			w.episode, w.discounted = episode{}, 0
			w.env.reset(w.rng)
		}
	}
	s.values = append(s.values, w.valueHere(n))
	return s
}

func (w *worker[T]) valueHere(n *normaliser) float64 {
	return float64(w.value.at(normalised[T](observe(w.env, w.task), n))[0])
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
	highest := float64(logits[greedy(logits)])
	total := 0.0
	for _, z := range logits {
		total += math.Exp(float64(z) - highest)
	}
	u := rng.Float64() * total
	for action, z := range logits {
		if u -= math.Exp(float64(z) - highest); u < 0 {
			return action
		}
	}
	return len(logits) - 1 // what rounding leaves
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
