package main

import (
	"math"
	"testing"
)

// sharpVAE has posteriors well away from the prior, as untrained weights don't give.
func sharpVAE() *vae {
	v := newVAE(fashionArchitecture, newRand(4, streamWeights))
	w := v.encoder[len(v.encoder)-1].weight.Data().([]float32)
	for i := range w {
		w[i] *= 4
	}
	return v
}

func testSubset(t *testing.T, n int) images {
	t.Helper()
	_, test, err := loadImages("")
	if err != nil {
		t.Fatal(err)
	}
	return binarised(test.first(n))
}

func testEvaluator(t *testing.T, batch int) *evaluator {
	t.Helper()
	e, err := newEvaluator(sharpVAE(), batch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func relative(got, want float64) float64 { return math.Abs(got-want) / math.Abs(want) }

// TestEvaluateAgainstFloat64 recomputes both parts of the ELBO in float64 from the
// logits that the graphs give.
func TestEvaluateAgainstFloat64(t *testing.T) {
	const count = 20
	im := testSubset(t, count)
	e := testEvaluator(t, count)
	got, err := e.evaluate(im, newRand(1, streamEvaluation))
	if err != nil {
		t.Fatal(err)
	}

	logits, _, err := e.encodeImages(im)
	if err != nil {
		t.Fatal(err)
	}
	wantKL, total := make([]float64, e.latents), 0.0
	for i := range count * e.latents {
		row := make([]float64, e.classes)
		for c := range row {
			row[c] = float64(logits[i*e.classes+c])
		}
		for _, q := range softmax(row) {
			kl := q * math.Log(q*float64(e.classes)) / count
			wantKL[i%e.latents] += kl
			total += kl
		}
	}
	for i, want := range wantKL {
		if relative(got.latentKL[i], want) > 1e-5 {
			t.Errorf("KL of latent %d is %v, want %v", i, got.latentKL[i], want)
		}
	}
	if relative(got.kl(), total) > 1e-5 {
		t.Errorf("KL %v, want %v", got.kl(), total)
	}

	pixelLogits, _, err := e.decodeLatents(e.sample(logits, newRand(1, streamEvaluation)))
	if err != nil {
		t.Fatal(err)
	}
	reconstruction := 0.0
	for i, l := range pixelLogits {
		reconstruction += bernoulli(float64(l), float64(im[i])/255) / count
	}
	if relative(got.reconstruction, reconstruction) > 1e-5 {
		t.Errorf("reconstruction %v, want %v", got.reconstruction, reconstruction)
	}
	if relative(got.negELBO(), reconstruction+total) > 1e-5 {
		t.Errorf("−ELBO %v, want %v", got.negELBO(), reconstruction+total)
	}
}

// TestEvaluateShortLastBatch evaluates 30 images in batches of 20 and of 30: the KL
// doesn't depend on samples, so it must not depend on the batches either.
func TestEvaluateShortLastBatch(t *testing.T) {
	im := testSubset(t, 30)
	short, err := testEvaluator(t, 20).evaluate(im, newRand(1, streamEvaluation))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := testEvaluator(t, 30).evaluate(im, newRand(1, streamEvaluation))
	if err != nil {
		t.Fatal(err)
	}
	if relative(short.kl(), whole.kl()) > 1e-5 {
		t.Errorf("KL %v in batches of 20, %v in one of 30", short.kl(), whole.kl())
	}
	if relative(short.reconstruction, whole.reconstruction) > 0.05 {
		t.Errorf("reconstruction %v in batches of 20, %v in one of 30", short.reconstruction, whole.reconstruction)
	}
}

// TestDecodeForgetsTheLastBatch decodes one image after other latents and without
// them: a one-hot row must not keep the class it held before.
func TestDecodeForgetsTheLastBatch(t *testing.T) {
	zeroth, ninth := make([]int, 20), make([]int, 20)
	for i := range ninth {
		ninth[i] = 9
	}
	used := testEvaluator(t, 1)
	if _, _, err := used.decodeLatents(zeroth); err != nil {
		t.Fatal(err)
	}
	got, _, err := used.decodeLatents(ninth)
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := testEvaluator(t, 1).decodeLatents(ninth)
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Fatalf("logit of pixel %d is %v after another batch, %v at first", i, got[i], want[i])
		}
	}
}

func TestSampleFollowsThePosterior(t *testing.T) {
	e := &evaluator{vae: &vae{architecture: architecture{classes: 3}}}
	const draws = 30000
	logits := []float32{float32(math.Log(0.2)), float32(math.Log(0.7)), float32(math.Log(0.1))}
	rng := newRand(9, streamEvaluation)
	var counts [3]float64
	for range draws {
		counts[e.sample(logits, rng)[0]]++
	}
	for c, want := range []float64{0.2, 0.7, 0.1} {
		// Five standard deviations at most: 5·√(0.21/30000) = 0.014.
		if got := counts[c] / draws; math.Abs(got-want) > 0.014 {
			t.Errorf("class %d in %v of the draws, want %v", c, got, want)
		}
	}
	if best := e.sample(logits, nil)[0]; best != 1 {
		t.Errorf("the likeliest class is %d, want 1", best)
	}
}
