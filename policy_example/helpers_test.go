package main

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// golden reads testdata/name.json.gz into v.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(unzipped).Decode(v); err != nil {
		t.Fatal(err)
	}
}

// within fails unless got and want differ by at most tolerance relative to the largest
// entry of want.
func within(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	scale, worst, at := 0.0, 0.0, 0
	for i, w := range want {
		scale = math.Max(scale, math.Abs(w))
		if d := math.Abs(got[i] - w); !(d <= worst) {
			worst, at = d, i
		}
	}
	if !(worst <= tolerance*scale) {
		t.Errorf("%s: entry %d is %v, want %v: off by %.2g of the largest, %v", what, at, got[at], want[at], worst/scale, scale)
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %v, want %v ± %v", what, got, want, tolerance)
	}
}

func gaussians(n int, scale float64, rng *rand.Rand) []float64 {
	v := make([]float64, n)
	for i := range v {
		v[i] = scale * rng.NormFloat64()
	}
	return v
}

func check0(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// smallPolicy is a policy of 3 actions over 4 observations with random parameters and
// a random batch, its old logits its own.
func smallPolicy(t *testing.T, samples int, seed uint64) *policy[float64] {
	t.Helper()
	rng := newRand(seed, 0)
	n := &network[float64]{widths: []int{4, 6, 5, 3}}
	n.theta = gaussians(n.size(), 0.7, rng)
	p, err := newPolicy(n, samples)
	check0(t, err)
	t.Cleanup(func() { p.Close() })
	copy(p.batch.observations, gaussians(samples*4, 1, rng))
	copy(p.batch.advantages, gaussians(samples, 1, rng))
	for i := range samples {
		p.batch.actions[i*3+rng.IntN(3)] = 1
	}
	check0(t, p.setOld())
	return p
}
