package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// TestResumeIsExact trains five updates at one go, and three, then two from the
// checkpoint: everything is the same bit for bit, the records too.
func TestResumeIsExact(t *testing.T) {
	reuse := stairsTask(7)
	reuse.settings.Reuse = 3
	for _, task := range []task{stairsTask(7), reuse, tasks[0]} {
		task.settings.Horizon = 30
		task.settings.ValueBatch = 30
		steps := 5 * task.settings.samples()
		whole := newTestTrainer(t, task, 3, steps)
		iterate(t, whole, 5)

		path := checkpointPath(t.TempDir(), 3)
		first := newTestTrainer(t, task, 3, steps)
		iterate(t, first, 3)
		check0(t, first.save(path))
		iterate(t, first, 1) // what the first does later is nothing to the checkpoint

		second := newTestTrainer(t, task, 3, steps)
		c, err := readCheckpoint[float32](path, second.plan)
		check0(t, err)
		check0(t, second.resume(c))
		iterate(t, second, 2)

		one, other := snapshot(t, whole), snapshot(t, second)
		if !reflect.DeepEqual(one, other) {
			t.Errorf("%s: at one go\n%+v\nresumed\n%+v", task.name, one.History, other.History)
		}
		if len(one.History) != 5 || one.Step != steps {
			t.Errorf("%s: %d updates, %d steps", task.name, len(one.History), one.Step)
		}
	}
}

// snapshot is all that save writes, read back.
func snapshot(t *testing.T, tr *trainer[float32]) saved[float32] {
	t.Helper()
	path := filepath.Join(t.TempDir(), "snapshot")
	check0(t, tr.save(path))
	c, err := readCheckpoint[float32](path, tr.plan)
	check0(t, err)
	return c
}

func TestRefusedCheckpoints(t *testing.T) {
	dir := t.TempDir()
	tr := newTestTrainer(t, stairsTask(7), 3, 300)
	iterate(t, tr, 1)
	path := filepath.Join(dir, "good")
	check0(t, tr.save(path))
	good, err := os.ReadFile(path)
	check0(t, err)
	damaged := append([]byte(nil), good...)
	damaged[len(damaged)/2] ^= 1
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":              {nil, "no checkpoint of this program"},
		"foreign":            {[]byte("PK\x03\x04 something else altogether, and long enough"), "no checkpoint of this program"},
		"other version":      {[]byte(strings.Replace(string(good), "checkpoint 3", "checkpoint 2", 1)), "no checkpoint of this program"},
		"header only":        {good[:len(checkpointFormat)], "truncated"},
		"half a checksum":    {good[:len(checkpointFormat)+16], "truncated"},
		"truncated":          {good[:len(good)-1], "truncated"},
		"truncated by a lot": {good[:len(good)/2], "truncated"},
		"damaged":            {damaged, "damaged"},
		"more":               {append(append([]byte(nil), good...), 0), "damaged"},
	} {
		path := filepath.Join(dir, strings.ReplaceAll(name, " ", "_"))
		check0(t, os.WriteFile(path, c.content, 0o644))
		_, err := readCheckpoint[float32](path, tr.plan)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want %q and the path", name, err, c.want)
		}
	}
	if _, err := readCheckpoint[float32](filepath.Join(dir, "missing"), tr.plan); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := readCheckpoint[float32](dir, tr.plan); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory: %v", err)
	}
}

// TestOtherTraining refuses a checkpoint of another seed, length, radius or task.
func TestOtherTraining(t *testing.T) {
	tr := newTestTrainer(t, stairsTask(7), 3, 300)
	path := filepath.Join(t.TempDir(), "checkpoint")
	check0(t, tr.save(path))
	for want, change := range map[string]func(p *plan){
		"Seed":         func(p *plan) { p.Seed++ },
		"Steps":        func(p *plan) { p.Steps++ },
		"Radius":       func(p *plan) { p.Settings.Radius = 1 },
		"CartPole":     func(p *plan) { p.Task = "CartPole-v1" },
		"Environments": func(p *plan) { p.Settings.Environments++ },
	} {
		p := tr.plan
		change(&p)
		_, err := readCheckpoint[float32](path, p)
		if err == nil || !strings.Contains(err.Error(), "another training") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v", want, err)
		}
	}
}

// TestForeignContent has the right checksum over the wrong things.
func TestForeignContent(t *testing.T) {
	task := stairsTask(7)
	task.settings.Reuse = 2
	tr := newTestTrainer(t, task, 3, 300)
	iterate(t, tr, 1)
	c := snapshot(t, tr)
	for name, change := range map[string]func(c *saved[float32]){
		"parameters":   func(c *saved[float32]) { c.Policy = c.Policy[1:] },
		"value":        func(c *saved[float32]) { c.Value = nil },
		"moments":      func(c *saved[float32]) { c.Optimiser.First = nil },
		"environments": func(c *saved[float32]) { c.Workers = c.Workers[:1] },
		"state":        func(c *saved[float32]) { c.Workers = []workerState{{}, {}, {}} },
		"random":       func(c *saved[float32]) { c.Minibatches = []byte("no") },
		"statistics":   func(c *saved[float32]) { c.Normaliser.Observations.Mean = nil },
		"kept":         func(c *saved[float32]) { c.Kept = c.Kept[1:] },
		"cut-off": func(c *saved[float32]) {
			c.Kept = slices.Clone(c.Kept)
			c.Kept[0].CutOff = slices.Clone(c.Kept[0].CutOff)
			c.Kept[0].CutOff[0] = make([]float64, 5)
		},
		"action": func(c *saved[float32]) {
			c.Kept = slices.Clone(c.Kept)
			c.Kept[0].Actions = slices.Clone(c.Kept[0].Actions)
			c.Kept[0].Actions[0] = 99
		},
		"logProbabilities": func(c *saved[float32]) { c.Kept = []experience{c.Kept[0], c.Kept[1], {}} },
	} {
		wrong := c
		change(&wrong)
		if err := newTestTrainer(t, task, 3, 300).resume(wrong); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
