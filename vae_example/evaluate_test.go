package main

import (
	"math"
	"testing"
)

// sharpVAE has posteriors well away from the prior, as untrained weights don't give.
func sharpVAE(name string) *vae[float32] {
	v := newVAE[float32](models[name], imageSize, newRand(4, streamWeights))
	w := v.encoder[len(v.encoder)-1].weight
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

func testEvaluator(t *testing.T, name string, batch int) *evaluator {
	t.Helper()
	e, err := newEvaluator(sharpVAE(name), batch)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func relative(got, want float64) float64 { return math.Abs(got-want) / math.Abs(want) }

// TestEvaluateAgainstFloat64 recomputes both parts of the ELBO in float64 from the
// posteriors and the logits that the graphs give.
func TestEvaluateAgainstFloat64(t *testing.T) {
	const count = 20
	im := testSubset(t, count)
	for _, name := range []string{categoricalName, gaussianName} {
		e := testEvaluator(t, name, count)
		got, err := e.evaluate(im, newRand(1, streamEvaluation))
		if err != nil {
			t.Fatal(err)
		}
		posterior, _, err := e.encode(im)
		if err != nil {
			t.Fatal(err)
		}
		kl := 0.0
		for latent := range e.model.Latents {
			want := 0.0
			for i := range count {
				want += latentKL(e.model.settings, float64s(e.posteriorOf(posterior, i)), latent) / count
			}
			if relative(got.LatentKL[latent], want) > 1e-5 {
				t.Errorf("%s: KL of latent %d is %v, want %v", name, latent, got.LatentKL[latent], want)
			}
			kl += want
		}
		e.draw(posterior, newRand(1, streamEvaluation))
		logits, _, err := e.decode()
		if err != nil {
			t.Fatal(err)
		}
		reconstruction := 0.0
		for i, l := range logits {
			reconstruction += bernoulli(float64(l), float64(im[i])/255) / count
		}
		if relative(got.KL, kl) > 1e-5 || relative(got.Reconstruction, reconstruction) > 1e-5 || relative(got.Negative(), kl+reconstruction) > 1e-5 {
			t.Errorf("%s: %+v, want KL %v and reconstruction %v", name, got.ELBO, kl, reconstruction)
		}
	}
}

// TestEvaluateShortLastBatch evaluates 30 images in batches of 20 and of 30: the KL
// doesn't depend on samples, so it must not depend on the batches either.
func TestEvaluateShortLastBatch(t *testing.T) {
	im := testSubset(t, 30)
	short, err := testEvaluator(t, categoricalName, 20).evaluate(im, newRand(1, streamEvaluation))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := testEvaluator(t, categoricalName, 30).evaluate(im, newRand(1, streamEvaluation))
	if err != nil {
		t.Fatal(err)
	}
	if relative(short.KL, whole.KL) > 1e-5 {
		t.Errorf("KL %v in batches of 20, %v in one of 30", short.KL, whole.KL)
	}
	if relative(short.Reconstruction, whole.Reconstruction) > 0.05 {
		t.Errorf("reconstruction %v in batches of 20, %v in one of 30", short.Reconstruction, whole.Reconstruction)
	}
}

// TestCategoricalDraw also holds a code to keep nothing of what was there before.
func TestCategoricalDraw(t *testing.T) {
	const draws = 30000
	c := categorical[float32]{latents: 1, classes: 3}
	logits := []float32{float32(math.Log(0.2)), float32(math.Log(0.7)), float32(math.Log(0.1))}
	rng := newRand(9, streamEvaluation)
	var counts [3]float64
	code := []float32{7, 7, 7}
	for range draws {
		c.Draw(code, logits, rng)
		sum := float32(0)
		for class, one := range code {
			counts[class] += float64(one)
			sum += one
		}
		if sum != 1 {
			t.Fatalf("drew %v", code)
		}
	}
	for class, want := range []float64{0.2, 0.7, 0.1} {
		// Five standard deviations at most: 5·√(0.21/30000) = 0.014.
		if got := counts[class] / draws; math.Abs(got-want) > 0.014 {
			t.Errorf("class %d in %v of the draws, want %v", class, got, want)
		}
	}
	if c.Draw(code, logits, nil); code[1] != 1 {
		t.Errorf("the likeliest is %v, want class 1", code)
	}
}

func TestGaussianDraw(t *testing.T) {
	const draws = 30000
	g := gaussian[float32]{latents: 1}
	posterior := []float32{-0.5, float32(math.Log(4))} // standard deviation 2
	rng := newRand(9, streamEvaluation)
	code := make([]float32, 1)
	sum, squares := 0.0, 0.0
	for range draws {
		g.Draw(code, posterior, rng)
		sum += float64(code[0])
		squares += float64(code[0]) * float64(code[0])
	}
	mean := sum / draws
	deviation := math.Sqrt(squares/draws - mean*mean)
	// Five standard deviations: 5·2/√30000 = 0.058.
	if math.Abs(mean+0.5) > 0.058 || math.Abs(deviation-2) > 0.058 {
		t.Errorf("mean %v and deviation %v, want -0.5 and 2", mean, deviation)
	}
	if g.Draw(code, posterior, nil); code[0] != -0.5 {
		t.Errorf("the likeliest is %v, want -0.5", code[0])
	}
}

// TestLogWeight compares ln p(z) − ln q(z|x) with its formula in plain Go.
func TestLogWeight(t *testing.T) {
	c := categorical[float64]{latents: 2, classes: 3}
	logits := []float64{1, -2, 0.5, 300, 299, 290}
	want := 0.0
	for latent, chosen := range []int{2, 1} {
		want += math.Log(1.0/3) - math.Log(softmax(logits[3*latent:][:3])[chosen])
	}
	if got := c.LogWeight([]float64{0, 0, 1, 0, 1, 0}, logits); math.Abs(got-want) > 1e-12 {
		t.Errorf("categorical: %v, want %v", got, want)
	}
	density := func(z, mean, variance float64) float64 {
		return -(z-mean)*(z-mean)/(2*variance) - math.Log(2*math.Pi*variance)/2
	}
	g := gaussian[float64]{latents: 2}
	want = density(0.3, 0, 1) - density(0.3, 1, math.Exp(-2)) + density(-1, 0, 1) - density(-1, 0.5, math.Exp(0.7))
	if got := g.LogWeight([]float64{0.3, -1}, []float64{1, 0.5, -2, 0.7}); math.Abs(got-want) > 1e-12 {
		t.Errorf("gaussian: %v, want %v", got, want)
	}
}

// TestBound holds the bound of one sample to the −ELBO with the KL of that sample, and a
// model with two codes, whose ln p(x) is a sum of two terms, to its exact value.
func TestBound(t *testing.T) {
	var s logSum
	for _, x := range []float64{-1000, -1001, -999, -1000} {
		s.add(x)
	}
	want := -999 + math.Log(1+2*math.Exp(-1)+math.Exp(-2))
	if got := s.value(); math.Abs(got-want) > 1e-12 {
		t.Errorf("logarithm of the sum %v, want %v", got, want)
	}

	two := settings{Latent: categoricalName, Hidden: []int{4}, Latents: 1, Classes: 2}
	v := newVAE[float32](two, imageSize, newRand(4, streamWeights))
	for i := range v.decoder[0].weight { // codes that matter
		v.decoder[0].weight[i] *= 5
	}
	v.encoder[1].bias[0] = 1 // and a posterior that prefers one
	e, err := newEvaluator(v, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	im := testSubset(t, 2)
	exact := 0.0
	if _, _, err := e.encode(im); err != nil {
		t.Fatal(err)
	}
	var perCode [2][]float32
	for class := range 2 {
		clear(e.z)
		e.code(0)[class], e.code(1)[class] = 1, 1
		if _, perCode[class], err = e.decode(); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 2 {
		var p logSum
		for class := range 2 {
			p.add(math.Log(0.5) - float64(perCode[class][i]))
		}
		exact -= p.value() / 2
	}
	got, err := e.bound(im, 4000, newRand(1, streamBound), func() {})
	if err != nil {
		t.Fatal(err)
	}
	elbo, err := e.bound(im, 1, newRand(1, streamBound), func() {})
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got-exact) > 0.05 {
		t.Errorf("bound of 4000 samples %v, −ln p(x) is %v, of one sample %v", got, exact, elbo)
	}
}
