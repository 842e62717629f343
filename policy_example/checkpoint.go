package main

import (
	"fmt"
	"path/filepath"

	"github.com/kldivloss/kldivloss/internal/adam"
	"github.com/kldivloss/kldivloss/internal/checkpoint"
	"github.com/pkg/errors"
)

// saved is all of a trainer that the training changes: from it the training goes
// on as if it had never stopped, bit for bit.
type saved[T float] struct {
	Plan        plan
	Policy      []T
	Value       []T
	Optimiser   adam.Adam[T]
	Normaliser  normaliser
	Minibatches []byte
	Workers     []workerState
	Kept        []experience
	Step        int
	Recent      []float64
	History     []record
}

type workerState struct {
	State      []float64
	Episode    episode
	Discounted float64
	Random     []byte
}

// checkpointFormat changes whenever a checkpoint's content does.
const checkpointFormat checkpoint.Format = "kldivloss policy_example checkpoint 3\n"

func checkpointPath(dir string, seed uint64) string {
	return filepath.Join(dir, fmt.Sprintf("checkpoint-seed%d.bin", seed))
}

func (t *trainer[T]) save(path string) error {
	c := saved[T]{
		Plan: t.plan, Policy: t.policy.network.theta, Value: t.critic.network.theta,
		Optimiser: *t.critic.optimiser, Normaliser: *t.normaliser,
		Kept: t.kept, Step: t.step, Recent: t.recent, History: t.history,
	}
	var err error
	if c.Minibatches, err = t.minibatches.MarshalBinary(); err != nil {
		return errors.Wrap(err, "checkpoint")
	}
	for _, w := range t.workers {
		random, err := w.source.MarshalBinary()
		if err != nil {
			return errors.Wrap(err, "checkpoint")
		}
		c.Workers = append(c.Workers, workerState{w.env.state(), w.episode, w.discounted, random})
	}
	return checkpointFormat.Write(path, c)
}

// readCheckpoint reads a file that save wrote, and nothing else: not part of one, not
// a damaged one, not one of another training.
func readCheckpoint[T float](path string, expected plan) (saved[T], error) {
	var c saved[T]
	if err := checkpointFormat.Read(path, &c); err != nil {
		return c, err
	}
	if c.Plan != expected {
		return c, errors.Errorf("checkpoint %s is of another training: found %+v, expected %+v", path, c.Plan, expected)
	}
	return c, nil
}

// resume continues where a checkpoint of the same plan was taken.
func (t *trainer[T]) resume(c saved[T]) error {
	if err := t.fits(c); err != nil {
		return errors.WithMessage(err, "checkpoint")
	}
	// The graphs and workers hold these slices: fill them, don't replace them.
	copy(t.policy.network.theta, c.Policy)
	copy(t.critic.network.theta, c.Value)
	*t.critic.optimiser, *t.normaliser = c.Optimiser, c.Normaliser
	t.kept, t.step, t.recent, t.history = c.Kept, c.Step, c.Recent, c.History
	if err := t.minibatches.UnmarshalBinary(c.Minibatches); err != nil {
		return errors.Wrap(err, "checkpoint")
	}
	for i, w := range t.workers {
		state := c.Workers[i]
		copy(w.env.state(), state.State)
		w.episode, w.discounted = state.Episode, state.Discounted
		if err := w.source.UnmarshalBinary(state.Random); err != nil {
			return errors.Wrap(err, "checkpoint")
		}
	}
	return nil
}

// fits checks every length, for a checkpoint whose program was another.
func (t *trainer[T]) fits(c saved[T]) error {
	s := t.plan.Settings
	type length struct {
		what            string
		found, expected int
	}
	lengths := []length{
		{"policy parameters", len(c.Policy), t.policy.network.size()},
		{"value parameters", len(c.Value), t.critic.network.size()},
		{"first moments", len(c.Optimiser.First), t.critic.network.size()},
		{"second moments", len(c.Optimiser.Second), t.critic.network.size()},
		{"means of observations", len(c.Normaliser.Observations.Mean), t.task.observations},
		{"variances of observations", len(c.Normaliser.Observations.Variance), t.task.observations},
		{"means of returns", len(c.Normaliser.Returns.Mean), 1},
		{"variances of returns", len(c.Normaliser.Returns.Variance), 1},
		{"environments", len(c.Workers), len(t.workers)},
		{"kept segments", len(c.Kept), min(len(c.History), s.Reuse-1) * len(t.workers)},
	}
	for _, e := range c.Kept {
		lengths = append(lengths,
			length{"kept observations", len(e.Observations), s.Horizon * t.task.observations},
			length{"kept actions", len(e.Actions), s.Horizon},
			length{"kept log-probabilities", len(e.LogProbabilities), s.Horizon},
			length{"kept rewards", len(e.Rewards), s.Horizon},
			length{"kept ends", len(e.Ends), s.Horizon},
			length{"numbers of a last observation", len(e.Last), t.task.observations},
			length{"kept cut-offs", len(e.CutOff), s.Horizon})
		for _, raw := range e.CutOff {
			if len(raw) > 0 {
				lengths = append(lengths, length{"numbers of a cut-off observation", len(raw), t.task.observations})
			}
		}
		for _, action := range e.Actions {
			if action < 0 || action >= t.task.actions {
				return errors.Errorf("checkpoint: kept action %d, expected 0 to %d", action, t.task.actions-1)
			}
		}
	}
	for _, l := range lengths {
		if l.found != l.expected {
			return errors.Errorf("%d %s, expected %d", l.found, l.what, l.expected)
		}
	}
	for i, w := range c.Workers {
		if expected := len(t.workers[i].env.state()); len(w.State) != expected {
			return errors.Errorf("environment %d: a state of %d numbers, expected %d", i, len(w.State), expected)
		}
	}
	return nil
}
