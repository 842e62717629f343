package main

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/kldivloss/kldivloss/internal/progress"
	"github.com/pkg/errors"
)

// checkpointEvery is how many updates lie between two checkpoints: about ten seconds.
const checkpointEvery = 20

// trained is the result of training from one seed.
type trained struct {
	plan       plan
	history    []record
	policy     *network[float32]
	normaliser *normaliser
	returns    []float64 // of the evaluation
}

// experiment trains and evaluates as o says. Results go to stdout, the progress bar to
// stderr.
func experiment(o options, stdout, stderr io.Writer) error {
	if o.out != "" {
		if err := os.MkdirAll(o.out, 0o755); err != nil {
			return errors.Wrap(err, "output directory")
		}
	}
	trainers, err := newTrainers(o)
	defer func() {
		for _, t := range trainers {
			t.Close()
		}
	}()
	if err != nil {
		return err
	}
	results, err := trainAll(o, trainers, stderr)
	if err != nil {
		return err
	}
	if err := printResults(stdout, results); err != nil {
		return errors.Wrap(err, "printing results")
	}
	if o.out == "" {
		return nil
	}
	return writeReport(o.out, o.task, results)
}

// newTrainers makes a trainer for each seed, one after the other: Gorgonia's graphs
// are not safe to build at the same time. Each is saved at once, so that a directory
// that can't be written to is known before the training.
func newTrainers(o options) ([]*trainer[float32], error) {
	var trainers []*trainer[float32]
	resumed := 0
	for i := range o.seeds {
		p := plan{Task: o.task.name, Seed: o.seed + uint64(i), Steps: o.steps, Settings: o.task.settings}
		if o.delta > 0 {
			p.Settings.Radius = o.delta
		}
		t, err := newTrainer[float32](o.task, p)
		if err != nil {
			return trainers, err
		}
		trainers = append(trainers, t)
		if o.resume {
			found, err := resumeFrom(o.out, t)
			if err != nil {
				return trainers, err
			}
			if found {
				resumed++
			}
		}
	}
	if o.resume && resumed == 0 {
		return trainers, errors.Errorf("no checkpoint to resume, expected %s", checkpointPath(o.out, o.seed))
	}
	for _, t := range trainers {
		if o.out == "" {
			break
		}
		if err := t.save(checkpointPath(o.out, t.plan.Seed)); err != nil {
			return trainers, err
		}
	}
	return trainers, nil
}

// resumeFrom resumes a trainer if there is a checkpoint of its seed. There is none of
// a seed that the run before did not have.
func resumeFrom(dir string, t *trainer[float32]) (found bool, err error) {
	c, err := readCheckpoint[float32](checkpointPath(dir, t.plan.Seed), t.plan)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, t.resume(c)
}

// trainAll runs the trainers to their end and evaluates, as many at a time as there
// are cores. The first error stops all.
func trainAll(o options, trainers []*trainer[float32], stderr io.Writer) ([]trained, error) {
	remaining := 0
	for _, t := range trainers {
		remaining += t.remaining()
	}
	bar := progress.NewRate(stderr, remaining, o.task.name, "steps")
	results, failures := make([]trained, len(trainers)), make([]error, len(trainers))
	next := make(chan int)
	stop := make(chan struct{})
	var once sync.Once
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(trainers)) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := range next {
				results[i], failures[i] = trainOne(o, trainers[i], bar, stop)
				if failures[i] != nil {
					once.Do(func() { close(stop) })
				}
			}
		}()
	}
	for i := range trainers {
		next <- i
	}
	close(next)
	wait.Wait()
	for i, err := range failures {
		if err != nil {
			return nil, errors.WithMessagef(err, "seed %d", trainers[i].plan.Seed)
		}
	}
	return results, nil
}

func trainOne(o options, t *trainer[float32], bar *progress.Bar, stop <-chan struct{}) (trained, error) {
	for !t.done() {
		select {
		case <-stop:
			return trained{}, nil
		default:
		}
		r, err := t.iterate()
		if err != nil {
			return trained{}, errors.WithMessagef(err, "update %d", len(t.history)+1)
		}
		bar.Advance(t.plan.Settings.samples(), seedPrefix(t.plan, o.seeds)+label(r))
		if o.out != "" && (t.done() || len(t.history)%checkpointEvery == 0) {
			if err := t.save(checkpointPath(o.out, t.plan.Seed)); err != nil {
				return trained{}, err
			}
		}
	}
	return trained{
		plan: t.plan, history: t.history, policy: t.policy.network, normaliser: t.normaliser,
		returns: evaluate(o.task, t.policy.network, t.normaliser, t.plan.Seed, evaluationEpisodes),
	}, nil
}

// label is what the progress bar says of an update.
func label(r record) string {
	kl := fmt.Sprintf("%.4f", r.Policy.KL)
	if !r.Policy.Accepted {
		kl = "rejected"
	}
	returned := "–"
	if !math.IsNaN(r.Return) {
		returned = fmt.Sprintf("%.1f", r.Return)
	}
	return fmt.Sprintf("return %s, KL %s/%.4f", returned, kl, r.Radius)
}

// seedPrefix says which of several seeds it is.
func seedPrefix(p plan, seeds int) string {
	if seeds == 1 {
		return ""
	}
	return fmt.Sprintf("seed %d: ", p.Seed)
}

// printResults prints a line for each seed and, where there are several, one for all.
func printResults(w io.Writer, results []trained) error {
	var means []float64
	for _, r := range results {
		mean, std := meanStd(r.returns)
		means = append(means, mean)
		if _, err := fmt.Fprintf(w, "%sevaluation: return %.1f ± %.1f over %d episodes\n", seedPrefix(r.plan, len(results)), mean, std, len(r.returns)); err != nil {
			return err
		}
	}
	if len(results) == 1 {
		return nil
	}
	mean, std := meanStd(means)
	_, err := fmt.Fprintf(w, "evaluation: return %.2f ± %.2f over %d seeds\n", mean, std, len(results))
	return err
}

// writeReport writes everything that -out promises but the checkpoints.
func writeReport(dir string, t task, results []trained) error {
	if err := writeProgress(filepath.Join(dir, "progress.csv"), results); err != nil {
		return errors.WithMessage(err, "progress")
	}
	if err := writePictures(dir, t, results); err != nil {
		return errors.WithMessage(err, "pictures")
	}
	return errors.WithMessage(writePage(filepath.Join(dir, "index.html"), t, results), "page")
}
