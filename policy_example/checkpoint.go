package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
	"github.com/pkg/errors"
)

// checkpoint is all of a trainer that the training changes: from it the training goes
// on as if it had never stopped, bit for bit.
type checkpoint[T float] struct {
	Plan        plan
	Policy      []T
	Value       []T
	Optimiser   adam[T]
	Normaliser  normaliser
	Minibatches []byte
	Workers     []workerState
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

// A checkpoint file is this line, the SHA-256 of what follows, and that, in gob. The
// line changes whenever the content does.
const checkpointMagic = "kldivloss policy_example checkpoint 1\n"

func checkpointPath(dir string, seed uint64) string {
	return filepath.Join(dir, fmt.Sprintf("checkpoint-seed%d.bin", seed))
}

func (t *trainer[T]) save(path string) error {
	c := checkpoint[T]{
		Plan: t.plan, Policy: t.policy.network.theta, Value: t.critic.network.theta,
		Optimiser: *t.critic.optimiser, Normaliser: *t.normaliser,
		Step: t.step, Recent: t.recent, History: t.history,
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
	var content bytes.Buffer
	if err := gob.NewEncoder(&content).Encode(c); err != nil {
		return errors.Wrap(err, "checkpoint")
	}
	sum := sha256.Sum256(content.Bytes())
	return errors.WithMessage(atomicfile.Write(path, func(w io.Writer) error {
		for _, part := range [][]byte{[]byte(checkpointMagic), sum[:], content.Bytes()} {
			if _, err := w.Write(part); err != nil {
				return err
			}
		}
		return nil
	}), "checkpoint")
}

// readCheckpoint reads a file that save wrote, and nothing else: not part of one, not
// a damaged one, not one of another training.
func readCheckpoint[T float](path string, expected plan) (checkpoint[T], error) {
	var c checkpoint[T]
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	if err != nil {
		return c, errors.Wrap(err, "checkpoint")
	}
	content, ours := bytes.CutPrefix(data, []byte(checkpointMagic))
	if !ours {
		return c, errors.Errorf("%s is no checkpoint of this program: it starts with %.20q, expected %.20q", path, data, checkpointMagic)
	}
	if len(content) < sha256.Size || sha256.Sum256(content[sha256.Size:]) != [sha256.Size]byte(content) {
		return c, errors.Errorf("checkpoint %s is truncated or damaged: its %d bytes do not have the checksum they were written with", path, len(data))
	}
	if err := gob.NewDecoder(bytes.NewReader(content[sha256.Size:])).Decode(&c); err != nil {
		return c, errors.Wrapf(err, "checkpoint %s", path)
	}
	if c.Plan != expected {
		return c, errors.Errorf("checkpoint %s is of another training: found %+v, expected %+v", path, c.Plan, expected)
	}
	return c, nil
}

// resume continues where a checkpoint of the same plan was taken.
func (t *trainer[T]) resume(c checkpoint[T]) error {
	if err := t.fits(c); err != nil {
		return errors.WithMessage(err, "checkpoint")
	}
	// The graphs and workers hold these slices: fill them, don't replace them.
	copy(t.policy.network.theta, c.Policy)
	copy(t.critic.network.theta, c.Value)
	*t.critic.optimiser, *t.normaliser = c.Optimiser, c.Normaliser
	t.step, t.recent, t.history = c.Step, c.Recent, c.History
	if err := t.minibatches.UnmarshalBinary(c.Minibatches); err != nil {
		return errors.Wrap(err, "checkpoint")
	}
	for i, w := range t.workers {
		saved := c.Workers[i]
		copy(w.env.state(), saved.State)
		w.episode, w.discounted = saved.Episode, saved.Discounted
		if err := w.source.UnmarshalBinary(saved.Random); err != nil {
			return errors.Wrap(err, "checkpoint")
		}
	}
	return nil
}

// fits checks every length, for a checkpoint whose program was another.
func (t *trainer[T]) fits(c checkpoint[T]) error {
	lengths := []struct {
		what            string
		found, expected int
	}{
		{"policy parameters", len(c.Policy), t.policy.network.size()},
		{"value parameters", len(c.Value), t.critic.network.size()},
		{"first moments", len(c.Optimiser.First), t.critic.network.size()},
		{"second moments", len(c.Optimiser.Second), t.critic.network.size()},
		{"means of observations", len(c.Normaliser.Observations.Mean), t.task.observations},
		{"variances of observations", len(c.Normaliser.Observations.Variance), t.task.observations},
		{"means of returns", len(c.Normaliser.Returns.Mean), 1},
		{"variances of returns", len(c.Normaliser.Returns.Variance), 1},
		{"environments", len(c.Workers), len(t.workers)},
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
