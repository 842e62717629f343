package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestResumeBitForBit interrupts a training after each of several steps and goes on from
// the checkpoint: parameters and figures are those of a training that went through.
func TestResumeBitForBit(t *testing.T) {
	for _, latent := range []string{categoricalName, gaussianName} {
		o := options{settings: models[latent], epochs: 2, seed: 3, data: smallData(t, 400, 100)}
		whole := trainTo(t, o, 0)
		steps := whole.trainer.steps()
		for _, stop := range []int{1, steps, steps + 1, 2*steps - 1} {
			dir := t.TempDir()
			part := o
			part.out = dir
			first := trainTo(t, part, stop)
			if first.trainer.step != stop {
				t.Fatalf("stopped after %d steps, expected %d", first.trainer.step, stop)
			}
			part.resume = true
			second := trainTo(t, part, 0)
			if !slices.Equal(second.trainer.model.theta, whole.trainer.model.theta) {
				t.Errorf("%s, resumed after %d steps: other parameters", latent, stop)
			}
			for i, r := range second.history {
				if r.Trained != whole.history[i].Trained || r.Tested.ELBO != whole.history[i].Tested.ELBO ||
					!slices.Equal(r.Tested.LatentKL, whole.history[i].Tested.LatentKL) {
					t.Errorf("%s, resumed after %d steps: epoch %d has %+v, expected %+v", latent, stop, i+1, r, whole.history[i])
				}
			}
		}
	}
}

// trainTo starts or resumes a run and interrupts it when so many steps are done, 0 for
// never.
func trainTo(t *testing.T, o options, steps int) *run {
	t.Helper()
	var out, errs bytes.Buffer
	r, closeAll, err := newRun(o, &out, &errs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll() })
	if err := r.start(); err != nil {
		t.Fatal(err)
	}
	interrupted := make(chan os.Signal, 1)
	r.stepped = func() {
		if r.trainer.step == steps {
			interrupted <- os.Interrupt
		}
	}
	done, err := r.train(interrupted)
	if err != nil {
		t.Fatal(err)
	}
	if done != (steps == 0) {
		t.Fatalf("done is %t after %d steps", done, r.trainer.step)
	}
	if !done && !strings.Contains(out.String(), "interrupted after") {
		t.Errorf("no word of the interruption in\n%s", out.String())
	}
	return r
}

// TestForeignCheckpoint refuses one of another seed, of other data and of other settings.
func TestForeignCheckpoint(t *testing.T) {
	dir := t.TempDir()
	o := options{settings: models[gaussianName], epochs: 2, seed: 3, data: smallData(t, 400, 100), out: dir}
	trainTo(t, o, 1)
	for name, change := range map[string]func(*options){
		"seed":     func(o *options) { o.seed = 4 },
		"epochs":   func(o *options) { o.epochs = 3 },
		"data":     func(o *options) { o.data = smallData(t, 300, 100) },
		"test set": func(o *options) { o.data = smallData(t, 400, 99) },
		"settings": func(o *options) { o.settings.LearningRate *= 2 },
	} {
		other := o
		other.resume = true
		change(&other)
		var out bytes.Buffer
		r, closeAll, err := newRun(other, &out, &out)
		if err != nil {
			t.Fatal(err)
		}
		defer closeAll()
		if err := r.start(); err == nil || !strings.Contains(err.Error(), "another training") || !strings.Contains(err.Error(), filepath.Join(dir, "checkpoint.bin")) {
			t.Errorf("another %s: %v", name, err)
		}
	}
}
