package main

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
)

var smallSettings = settings{Latent: categoricalName, Hidden: []int{6, 5}, Latents: 3, Classes: 4}

const smallPixels = 7

// goldenModel is one case of testdata/torch.json, see testdata/golden.py.
type goldenModel struct {
	Latent                    string
	Pixels                    int
	Hidden                    []int
	Latents, Classes, Batch   int
	Temperature, Beta         float64
	Reconstruction, KL        float64
	Theta, X, Noise, Gradient []float64
}

func goldenModels(t *testing.T) []goldenModel {
	t.Helper()
	data, err := os.ReadFile("testdata/torch.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenModel
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) != 2 {
		t.Fatalf("%d cases, expected 2", len(cases))
	}
	return cases
}

// objective builds the case's model with its parameters and inputs.
func (c goldenModel) objective(t *testing.T) (*vae[float64], *objective[float64]) {
	t.Helper()
	s := settings{Latent: c.Latent, Hidden: c.Hidden, Latents: c.Latents, Classes: c.Classes}
	v := newVAE[float64](s, c.Pixels, newRand(1, streamWeights))
	if len(v.theta) != len(c.Theta) {
		t.Fatalf("%d parameters, PyTorch's model has %d", len(v.theta), len(c.Theta))
	}
	o, err := newObjective(v, c.Batch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.machine.Close() })
	copy(v.theta, c.Theta)
	copy(o.x, c.X)
	copy(o.draws.noise, c.Noise)
	for i := range o.draws.inverse {
		o.draws.inverse[i] = 1 / c.Temperature
	}
	return v, o
}

// TestGradientIsPyTorchs holds both parts of the −ELBO and the gradient of the whole
// model, encoder to decoder, to PyTorch's in float64.
func TestGradientIsPyTorchs(t *testing.T) {
	for _, c := range goldenModels(t) {
		t.Run(c.Latent, func(t *testing.T) {
			_, o := c.objective(t)
			if err := o.run(c.Beta); err != nil {
				t.Fatal(err)
			}
			reconstruction, kl := o.loss()
			if math.Abs(reconstruction-c.Reconstruction) > 1e-13*c.Reconstruction || math.Abs(kl-c.KL) > 1e-13*c.KL {
				t.Errorf("reconstruction %v and KL %v, PyTorch's %v and %v", reconstruction, kl, c.Reconstruction, c.KL)
			}
			gradient := slices.Concat(o.gradient()...)
			largest := 0.0
			for _, g := range c.Gradient {
				largest = max(largest, math.Abs(g))
			}
			for i, g := range gradient {
				if math.Abs(g-c.Gradient[i]) > 1e-13*largest {
					t.Errorf("parameter %d: gradient %v, PyTorch's %v", i, g, c.Gradient[i])
				}
			}
		})
	}
}

// TestGradientsByDifferences compares every gradient with central differences.
func TestGradientsByDifferences(t *testing.T) {
	const step = 1e-5
	for _, c := range goldenModels(t) {
		t.Run(c.Latent, func(t *testing.T) {
			v, o := c.objective(t)
			cost := func() float64 {
				if err := o.run(c.Beta); err != nil {
					t.Fatal(err)
				}
				reconstruction, kl := o.loss()
				return reconstruction + c.Beta*kl
			}
			cost()
			gradient := slices.Concat(o.gradient()...)
			for i, at := range v.theta {
				v.theta[i] = at + step
				up := cost()
				v.theta[i] = at - step
				down := cost()
				v.theta[i] = at
				if numeric := (up - down) / (2 * step); math.Abs(numeric-gradient[i]) > 1e-6 {
					t.Errorf("parameter %d: gradient %v, central difference %v", i, gradient[i], numeric)
				}
			}
		})
	}
}

// TestLayersShareTheta holds the layers to cover θ without a gap, in the order in which
// the gradients come.
func TestLayersShareTheta(t *testing.T) {
	v := newVAE[float64](smallSettings, smallPixels, newRand(3, streamWeights))
	for i := range v.theta {
		v.theta[i] = float64(i)
	}
	next := 0.0
	for _, l := range append(v.encoder, v.decoder...) {
		for _, part := range [][]float64{l.weight, l.bias} {
			for _, x := range part {
				if x != next {
					t.Fatalf("%s holds %v, expected %v", l.name, x, next)
				}
				next++
			}
		}
	}
	if int(next) != len(v.theta) {
		t.Errorf("the layers hold %v of %d parameters", next, len(v.theta))
	}
}

// TestKLReductions holds the two uses of the KL term together: the per-latent
// divergences, each checked, add up to what training minimises.
func TestKLReductions(t *testing.T) {
	const batch = 5
	for _, name := range []string{categoricalName, gaussianName} {
		s := smallSettings
		s.Latent = name
		v := newVAE[float64](s, smallPixels, newRand(2, streamWeights))
		n := newNetwork(v, batch)
		raw := make([]float64, batch*v.latent.PosteriorWidth())
		rng := newRand(2, streamTraining)
		for i := range raw {
			raw[i] = 3 * rng.NormFloat64()
		}
		posterior := n.input("posterior", raw, batch, v.latent.PosteriorWidth())
		total, err := v.latent.Divergence(n, posterior, kldivloss.ReductionBatchMean)
		if err != nil {
			t.Fatal(err)
		}
		n2 := newNetwork(v, batch)
		posterior = n2.input("posterior", raw, batch, v.latent.PosteriorWidth())
		each, err := v.latent.Divergence(n2, posterior, kldivloss.ReductionPerDistribution)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		for i, got := range value(t, each).Data().([]float64) {
			want := latentKL(s, raw[i/s.Latents*v.latent.PosteriorWidth():][:v.latent.PosteriorWidth()], i%s.Latents)
			if math.Abs(got-want) > 1e-12*(1+want) {
				t.Errorf("%s: KL of distribution %d is %v, want %v", name, i, got, want)
			}
			sum += want
		}
		if got := value(t, total).Data().(float64); math.Abs(got-sum/batch) > 1e-12*sum {
			t.Errorf("%s: KL an image is %v, want %v", name, got, sum/batch)
		}
	}
}

// value runs a node's graph.
func value(t *testing.T, n *G.Node) G.Value {
	t.Helper()
	var v G.Value
	G.Read(n, &v)
	vm := G.NewTapeMachine(n.Graph())
	t.Cleanup(func() { vm.Close() })
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestSchedules holds the settings to their ends.
func TestSchedules(t *testing.T) {
	s := models[categoricalName]
	for _, c := range []struct {
		what      string
		got, want float64
	}{
		{"rate at the start", s.rate(0), 2e-3}, {"rate halfway", s.rate(0.5), 1e-3}, {"rate at the end", s.rate(1), 0},
		{"temperature at the start", s.temperature(0), 1}, {"temperature at the end", s.temperature(1), 0.3},
		{"temperature halfway", s.temperature(0.5), math.Sqrt(0.3)},
		{"KL's weight at the start", s.beta(0), 0}, {"KL's weight at a tenth", s.beta(0.1), 0.5}, {"KL's weight at the end", s.beta(1), 1},
		{"a Gaussian's rate at the end", models[gaussianName].rate(1), 1e-3}, {"a Gaussian's weight at the start", models[gaussianName].beta(0), 1},
	} {
		if math.Abs(c.got-c.want) > 1e-15 {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
}
