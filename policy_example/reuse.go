package main

import "math"

// experience is what is kept of a segment so that later updates can use it too. Other
// networks and statistics see it anew. It is part of a checkpoint.
type experience struct {
	Observations     []float64 // (T, observations), all observations before normalisation
	Actions          []int     // (T)
	LogProbabilities []float64 // (T) log π(a|s) of the policy that acted
	Rewards          []float64 // (T) before normalisation
	Ends             []bool    // (T)
	Last             []float64
	CutOff           [][]float64 // (T)
}

func (s segment) experience() experience {
	return experience{s.observations, s.actions, s.logProbabilities, s.rewards, s.ends, s.last, s.cutOff}
}

// ratioLimit bounds what a step of an earlier policy weighs, against the variance of
// importance sampling.
const ratioLimit = 2

// recall returns the segment that the experience is to the present networks: values and
// bootstraps are theirs, and so is the policy that the ratios compare with.
func recall[T float](e experience, policy, value *forward[T], n *normaliser) segment {
	steps := len(e.Actions)
	width := len(e.Last)
	s := segment{
		observations: e.Observations, actions: e.Actions,
		trajectory: trajectory{
			rewards: e.Rewards, ends: e.Ends,
			values: make([]float64, steps+1), bootstraps: make([]float64, steps), ratios: make([]float64, steps),
		},
	}
	for i, action := range e.Actions {
		observation := normalised[T](e.Observations[i*width:(i+1)*width], n)
		s.values[i] = float64(value.at(observation)[0])
		s.ratios[i] = math.Exp(logProbability(policy.at(observation), action) - e.LogProbabilities[i])
		if len(e.CutOff[i]) > 0 {
			s.bootstraps[i] = valueAt(value, e.CutOff[i], n)
		}
	}
	s.values[steps] = valueAt(value, e.Last, n)
	return s
}

// recalled is all that is kept, the newest rollout first.
func (t *trainer[T]) recalled() []segment {
	policy, value := newForward(t.policy.network), newForward(t.critic.network)
	var segments []segment
	for _, e := range t.kept {
		segments = append(segments, recall(e, policy, value, t.normaliser))
	}
	return segments
}

// keep puts the newest rollout in the place of the oldest, for the updates to come.
func (t *trainer[T]) keep(segments []segment) {
	var kept []experience
	for _, s := range segments {
		kept = append(kept, s.experience())
	}
	kept = append(kept, t.kept...)
	t.kept = kept[:min(len(kept), (t.plan.Settings.Reuse-1)*len(segments))]
}

// repeated is v over and over up to the given length.
func repeated[E any](v []E, length int) []E {
	all := make([]E, length)
	for i := 0; i < length; {
		i += copy(all[i:], v)
	}
	return all
}
