package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"github.com/kldivloss/kldivloss/internal/progress"
	"github.com/pkg/errors"
)

// experiment trains and evaluates as o says, until interrupted if that is not nil.
// Results go to stdout, the progress bar to stderr.
func experiment(o options, stdout, stderr io.Writer, interrupted <-chan os.Signal) (err error) {
	r, closeAll, err := newRun(o, stdout, stderr)
	if err != nil {
		return err
	}
	defer func() {
		if closeErr := closeAll(); err == nil {
			err = closeErr
		}
	}()
	if err := r.start(); err != nil {
		return err
	}
	if done, err := r.train(interrupted); err != nil || !done {
		return err
	}
	if o.bound > 0 {
		if err := r.findBound(); err != nil {
			return err
		}
	}
	if o.out == "" {
		return nil
	}
	return writeReport(r)
}

// newRun reads the data and builds the graphs, which closeAll closes.
func newRun(o options, stdout, stderr io.Writer) (r *run, closeAll func() error, err error) {
	train, test, err := loadImages(o.data)
	if err != nil {
		return nil, nil, err
	}
	set, err := newDataset(train, test, o)
	if err != nil {
		return nil, nil, err
	}
	model := newVAE[float32](o.settings, imageSize, newRand(o.seed, streamWeights))
	trainer, err := newTrainer(model, set.train, o.epochs, o.seed)
	if err != nil {
		return nil, nil, err
	}
	evaluator, err := newEvaluator(model, model.Batch)
	if err != nil {
		trainer.Close()
		return nil, nil, err
	}
	closeAll = func() error {
		err := trainer.Close()
		if evaluatorErr := evaluator.Close(); err == nil {
			err = evaluatorErr
		}
		return err
	}
	return &run{
		options: o, stdout: stdout, stderr: stderr, set: set, trainer: trainer, evaluator: evaluator,
		plan: planOf(o, set), stepped: func() {},
	}, closeAll, nil
}

// run is a training with what it has found.
type run struct {
	options
	stdout, stderr io.Writer
	set            dataset
	trainer        *trainer
	evaluator      *evaluator
	plan           plan
	stepped        func() // called after each step
	history        []record
	tightened      *float64 // the bound of many samples, if it was wanted
}

// record is what is known after an epoch.
type record struct {
	Trained ELBO // of the samples that training used
	Tested  evaluation
}

// start prepares the output directory, so that one that can't be written to is known
// before the training, and resumes.
func (r *run) start() error {
	if r.out != "" {
		if err := os.MkdirAll(r.out, 0o755); err != nil {
			return errors.Wrap(err, "output directory")
		}
	}
	if r.resume {
		if err := r.load(checkpointPath(r.out)); err != nil {
			return err
		}
	}
	if r.out != "" {
		if err := r.save(checkpointPath(r.out)); err != nil {
			return err
		}
		if err := writeMetrics(filepath.Join(r.out, "metrics.csv"), r.history, r.trainer.model.settings); err != nil {
			return err
		}
	}
	if err := printStart(r.stdout, r.plan, r.set, r.trainer.model); err != nil {
		return err
	}
	switch t := r.trainer; {
	case t.epoch() >= r.epochs:
		return printf(r.stdout, "resumed after the last epoch\n")
	case t.step > 0:
		return printf(r.stdout, "resumed after %d steps of epoch %d\n", t.inEpoch(), t.epoch()+1)
	}
	return nil
}

// train goes on to the last epoch, and reports whether it got there.
func (r *run) train(interrupted <-chan os.Signal) (done bool, err error) {
	t, stopped := r.trainer, false
	for t.epoch() < r.epochs {
		epoch := t.epoch() + 1
		bar := progress.NewRate(r.stderr, t.steps()-t.inEpoch(), fmt.Sprintf("epoch %d/%d", epoch, r.epochs), "steps")
		for t.epoch() < epoch {
			if err := t.advance(); err != nil {
				return false, errors.WithMessagef(err, "epoch %d", epoch)
			}
			batches := t.inEpoch()
			if batches == 0 {
				batches = t.steps()
			}
			bar.Advance(1, fmt.Sprintf("epoch %d/%d −ELBO %.2f", epoch, r.epochs, t.trained(batches).Negative()))
			r.stepped()
			if stopped = stopped || received(interrupted); stopped && t.epoch() < epoch {
				return false, r.pause()
			}
		}
		if err := r.evaluate(epoch); err != nil {
			return false, err
		}
		if stopped && epoch < r.epochs {
			return false, r.pause()
		}
	}
	return true, nil
}

// received reports whether there is something in the channel.
func received(c <-chan os.Signal) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// evaluate ends an epoch.
func (r *run) evaluate(epoch int) error {
	// The same latent noise after every epoch: the figures differ by the model only.
	tested, err := r.evaluator.evaluate(r.set.test, newRand(testSetSeed, streamEvaluation))
	if err != nil {
		return errors.WithMessagef(err, "evaluation after epoch %d", epoch)
	}
	if math.IsNaN(tested.Negative()) || math.IsInf(tested.Negative(), 0) {
		return errors.Errorf("training diverged in epoch %d: test −ELBO is %v", epoch, tested.Negative())
	}
	r.history = append(r.history, record{r.trainer.trained(r.trainer.steps()), tested})
	if err := printEpoch(r.stdout, epoch, r.epochs, r.history[epoch-1], r.trainer.model.settings); err != nil {
		return err
	}
	if r.out == "" {
		return nil
	}
	if err := writeMetrics(filepath.Join(r.out, "metrics.csv"), r.history, r.trainer.model.settings); err != nil {
		return err
	}
	return r.save(checkpointPath(r.out))
}

// pause ends an interrupted training.
func (r *run) pause() error {
	step := fmt.Sprintf("interrupted after %d steps of epoch %d", r.trainer.inEpoch(), r.trainer.epoch()+1)
	if r.out == "" {
		return printf(r.stdout, "\n%s; without -out nothing is saved\n", step)
	}
	if err := r.save(checkpointPath(r.out)); err != nil {
		return err
	}
	return printf(r.stdout, "\n%s, saved in %s; -resume goes on\n", step, checkpointPath(r.out))
}

// findBound prints the bound of many samples.
func (r *run) findBound() error {
	bar := progress.NewRate(r.stderr, r.set.test.count(), fmt.Sprintf("bound of %d samples", r.options.bound), "images")
	nats, err := r.evaluator.bound(r.set.test, r.options.bound, newRand(testSetSeed, streamBound), func() { bar.Step() })
	if err != nil {
		return errors.WithMessage(err, "bound")
	}
	r.tightened = &nats
	return printf(r.stdout, "\nbound of %d samples: %.2f nats\n", r.options.bound, nats)
}

func printf(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format, args...)
	return errors.Wrap(err, "printing results")
}
