package main

import (
	"path/filepath"
	"reflect"

	"github.com/kldivloss/kldivloss/internal/adam"
	"github.com/kldivloss/kldivloss/internal/checkpoint"
	"github.com/pkg/errors"
)

// plan is what tells one training from another.
type plan struct {
	Settings settings
	Epochs   int
	Seed     uint64
	Train    string // checksum of the training images
	Test     string // of the images that are tested on
}

func planOf(o options, set dataset) plan {
	return plan{o.settings, o.epochs, o.seed, set.train.checksum(), set.test.checksum()}
}

// saved is all of a training that changes: from it the training goes on as if it had
// never stopped, bit for bit.
type saved struct {
	Plan      plan
	Theta     []float32
	Optimiser adam.Adam[float32]
	Random    []byte
	Order     []int
	Step      int
	Sums      ELBO
	History   []record
}

// checkpointFormat changes whenever a checkpoint's content does.
const checkpointFormat checkpoint.Format = "kldivloss vae_example checkpoint 1\n"

func checkpointPath(dir string) string { return filepath.Join(dir, "checkpoint.bin") }

func (r *run) save(path string) error {
	t := r.trainer
	random, err := t.source.MarshalBinary()
	if err != nil {
		return errors.Wrap(err, "checkpoint")
	}
	return checkpointFormat.Write(path, saved{r.plan, t.model.theta, *t.optimiser, random, t.order, t.step, t.sums, r.history})
}

// load continues where save left off. A file that is not of this training is refused.
func (r *run) load(path string) error {
	var c saved
	if err := checkpointFormat.Read(path, &c); err != nil {
		return err
	}
	if !reflect.DeepEqual(c.Plan, r.plan) {
		return errors.Errorf("checkpoint %s is of another training: found %+v, expected %+v", path, c.Plan, r.plan)
	}
	t := r.trainer
	for _, l := range []struct {
		what            string
		found, expected int
	}{
		{"parameters", len(c.Theta), len(t.model.theta)},
		{"first moments", len(c.Optimiser.First), len(t.model.theta)},
		{"second moments", len(c.Optimiser.Second), len(t.model.theta)},
		{"epochs", len(c.History), c.Step / t.steps()},
	} {
		if l.found != l.expected {
			return errors.Errorf("checkpoint %s: %d %s, expected %d", path, l.found, l.what, l.expected)
		}
	}
	if len(c.Order) != t.images.count() && c.Step%t.steps() != 0 {
		return errors.Errorf("checkpoint %s: an order of %d images, expected %d", path, len(c.Order), t.images.count())
	}
	copy(t.model.theta, c.Theta) // the graphs hold this slice
	*t.optimiser = c.Optimiser
	t.order, t.step, t.sums, r.history = c.Order, c.Step, c.Sums, c.History
	return errors.Wrap(t.source.UnmarshalBinary(c.Random), "checkpoint")
}
