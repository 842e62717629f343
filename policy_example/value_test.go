package main

import (
	"slices"
	"testing"
)

// TestGoldenValueSteps are PyTorch's 200 steps of Adam on one batch.
func TestGoldenValueSteps(t *testing.T) {
	var u update
	golden(t, "trpo_one_update", &u)
	n := &network[float64]{widths: []int{u.D, 64, 64, 1}, theta: u.Vth0}
	c, err := newCritic(n, u.N)
	check0(t, err)
	defer c.Close()
	copy(c.observations, u.X)
	copy(c.targets, u.Ret)
	for i, want := range u.Losses {
		check0(t, c.step(1e-3))
		near(t, "loss", c.loss.scalar(0)/want, 1, 1e-12)
		if t.Failed() {
			t.Fatalf("at step %d", i)
		}
	}
	within(t, "parameters", n.theta, u.Vth1, 1e-12)
}

// TestFit learns a plane and sees every sample once an epoch.
func TestFit(t *testing.T) {
	rng := newRand(1, 0)
	const samples = 256
	observations := gaussians(samples*2, 1, rng)
	targets := make([]float64, samples)
	for i := range targets {
		targets[i] = observations[2*i] - 0.5*observations[2*i+1]
	}
	c, err := newCritic(newNetwork[float64](2, 1, 1, rng), 32)
	check0(t, err)
	defer c.Close()
	first, err := c.fit(observations, targets, 1, 1e-3, rng)
	check0(t, err)
	last, err := c.fit(observations, targets, 100, 1e-3, rng)
	check0(t, err)
	if c.optimiser.Steps != 101*samples/32 {
		t.Errorf("%d steps", c.optimiser.Steps)
	}
	if last > first/50 {
		t.Errorf("loss from %v to %v", first, last)
	}
}

func TestMoments(t *testing.T) {
	rng := newRand(2, 0)
	all := gaussians(3*100, 2, rng)
	m := newMoments(3)
	m.add(slices.Clone(all[:3*10]))
	m.add(all[3*10 : 3*11])
	m.add(all[3*11:])
	for i := range 3 {
		var column []float64
		for j := i; j < len(all); j += 3 {
			column = append(column, all[j])
		}
		mean, std := meanStd(column)
		near(t, "mean", m.Mean[i], mean, 1e-14)
		near(t, "variance", m.Variance[i], std*std*99/100, 1e-13)
	}
	if m.Count != 100 {
		t.Errorf("count %v", m.Count)
	}
}

func TestNormaliser(t *testing.T) {
	n := newNormaliser(2, true)
	v := []float64{3, 100}
	n.observation(v)
	within(t, "before statistics", v, []float64{3, 10}, 1e-7)
	n.add([]float64{1, 10, 3, 30}, []float64{-4, 4})
	v = []float64{4, 20}
	n.observation(v)
	within(t, "observation", v, []float64{2, 0}, 1e-7)
	near(t, "reward", n.reward(-2), -0.5, 1e-8)
	near(t, "reward out of bounds", n.reward(-1000), -10, 0)

	off := newNormaliser(2, false)
	off.add([]float64{1, 10, 3, 30}, []float64{-4, 4})
	v = []float64{4, 20}
	off.observation(v)
	if v[0] != 4 || v[1] != 20 || off.reward(-1000) != -1000 || off.Returns.Count != 0 {
		t.Errorf("a normaliser that is off does something: %v %+v", v, off)
	}
}
