package main

import (
	"math"
	"testing"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

var smallArchitecture = architecture{
	pixels: 7, hidden: []int{6, 5}, latents: 3, classes: 4, dtype: tensor.Float64,
}

// TestObjectiveGradients compares every gradient of a small model in float64, encoder
// to decoder at τ = 0.5, with central differences of the loss.
func TestObjectiveGradients(t *testing.T) {
	const batch, step = 3, 1e-5
	rng := newRand(11, streamTraining)
	o, err := newObjective(newVAE(smallArchitecture, newRand(11, streamWeights)), batch)
	if err != nil {
		t.Fatal(err)
	}
	defer o.machine.Close()
	x, noise := o.x.Data().([]float64), o.noise.Data().([]float64)
	for i := range x {
		x[i] = float64(rng.IntN(2))
	}
	for i := range noise {
		noise[i] = gumbelNoise(rng)
	}
	// Biases start at zero; elsewhere ReLU's kinks and the KL's optimum are farther off.
	for _, p := range o.parameters {
		for i, w := range p.Value().Data().([]float64) {
			p.Value().Data().([]float64)[i] = w + 0.3*rng.NormFloat64()
		}
	}
	loss := func() float64 {
		if err := o.run(); err != nil {
			t.Fatal(err)
		}
		return o.negELBO.Data().(float64)
	}
	loss()
	var gradients [][]float64
	for _, p := range o.parameters {
		g, err := p.Grad()
		if err != nil {
			t.Fatal(err)
		}
		gradients = append(gradients, append([]float64(nil), g.Data().([]float64)...))
	}
	for k, p := range o.parameters {
		w := p.Value().Data().([]float64)
		scale, worst := 0.0, 0.0
		for i, at := range w {
			w[i] = at + step
			up := loss()
			w[i] = at - step
			down := loss()
			w[i] = at
			numeric := (up - down) / (2 * step)
			scale = math.Max(scale, math.Abs(numeric))
			worst = math.Max(worst, math.Abs(numeric-gradients[k][i]))
		}
		if scale == 0 || worst > 1e-6*scale {
			t.Errorf("%s: gradients up to %.3g, off by %.3g from central differences", p.Name(), scale, worst)
		}
	}
}

// TestObjectiveValue compares the loss with its formula written out in Go.
func TestObjectiveValue(t *testing.T) {
	const batch = 2
	v := newVAE(smallArchitecture, newRand(5, streamWeights))
	o, err := newObjective(v, batch)
	if err != nil {
		t.Fatal(err)
	}
	defer o.machine.Close()
	rng := newRand(5, streamTraining)
	x, noise := o.x.Data().([]float64), o.noise.Data().([]float64)
	for i := range x {
		x[i] = float64(rng.IntN(2))
	}
	for i := range noise {
		noise[i] = gumbelNoise(rng)
	}
	if err := o.run(); err != nil {
		t.Fatal(err)
	}
	want := 0.0
	for b := range batch {
		image := x[b*v.pixels : (b+1)*v.pixels]
		logits := forward(v.encoder, image)
		var z []float64
		for l := 0; l < len(logits); l += v.classes {
			q := softmax(logits[l : l+v.classes])
			perturbed := make([]float64, v.classes)
			for c := range q {
				want += q[c] * math.Log(q[c]*float64(v.classes)) / batch
				perturbed[c] = (logits[l+c] + noise[b*len(logits)+l+c]) / temperature
			}
			z = append(z, softmax(perturbed)...)
		}
		for j, l := range forward(v.decoder, z) {
			want += bernoulli(l, image[j]) / batch
		}
	}
	if got := o.negELBO.Data().(float64); math.Abs(got-want) > 1e-12*want {
		t.Errorf("−ELBO %v, want %v", got, want)
	}
}

// TestReconstruction checks −ln p(x|z) and its gradient, far tails included, in both
// dtypes against float64 mathematics.
func TestReconstruction(t *testing.T) {
	logits := []float64{-1e4, -120, -90, -16.5, -3, -0.25, 0, 0.25, 3, 13.9, 14.1, 16.5, 30, 120, 1e4}
	for _, c := range []struct {
		dtype     tensor.Dtype
		tolerance float64 // relative; Gorgonia's float64 softplus is x itself from 16 on, off by 7e-9
	}{{tensor.Float32, 3e-7}, {tensor.Float64, 1e-8}} {
		n := newNetwork(&vae{architecture: architecture{dtype: c.dtype}}, len(logits))
		l, x := zeros(c.dtype, len(logits), 2), zeros(c.dtype, len(logits), 2)
		for i, v := range logits { // pixel 0 off, pixel 1 on
			for j := range 2 {
				set(t, l, n.value(v), i, j)
				set(t, x, n.value(float64(j)), i, j)
			}
		}
		lNode := n.input("l", l)
		perImage, err := n.reconstruction(lNode, n.input("x", x))
		if err != nil {
			t.Fatal(err)
		}
		var got, gradient G.Value
		G.Read(perImage, &got)
		cost := G.Must(G.Sum(perImage))
		grads, err := G.Grad(cost, lNode)
		if err != nil {
			t.Fatal(err)
		}
		G.Read(grads[0], &gradient)
		vm := G.NewTapeMachine(n.graph)
		defer vm.Close()
		if err := vm.RunAll(); err != nil {
			t.Fatal(err)
		}
		for i, v := range logits {
			want := bernoulli(v, 0) + bernoulli(v, 1)
			if g := number(t, got, i); math.Abs(g-want) > c.tolerance*want {
				t.Errorf("%v: −ln p at logit %v is %v, want %v", c.dtype, v, g, want)
			}
			for j := range 2 {
				want := 1/(1+math.Exp(-v)) - float64(j)
				if g := number(t, gradient, i, j); math.Abs(g-want) > c.tolerance+1e-7 {
					t.Errorf("%v: gradient at logit %v, pixel %d is %v, want %v", c.dtype, v, j, g, want)
				}
			}
		}
	}
}

// TestKLReductions holds the two uses of the KL term together: the per-latent
// divergences add up to what training minimises.
func TestKLReductions(t *testing.T) {
	const batch = 5
	n := newNetwork(&vae{architecture: smallArchitecture}, batch)
	data := zeros(n.dtype, batch, n.latents, n.classes)
	rng := newRand(2, streamTraining)
	raw := data.Data().([]float64)
	for i := range raw {
		raw[i] = 3 * rng.NormFloat64()
	}
	logits := n.input("logits", data)
	total, err := n.klFromPrior(logits, kldivloss.ReductionBatchMean)
	if err != nil {
		t.Fatal(err)
	}
	each, err := n.klFromPrior(logits, kldivloss.ReductionPerDistribution)
	if err != nil {
		t.Fatal(err)
	}
	var totalV, eachV G.Value
	G.Read(total, &totalV)
	G.Read(each, &eachV)
	vm := G.NewTapeMachine(n.graph)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for i, got := range eachV.Data().([]float64) {
		want := 0.0
		for _, q := range softmax(raw[i*n.classes : (i+1)*n.classes]) {
			want += q * math.Log(q*float64(n.classes))
		}
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("KL of distribution %d is %v, want %v", i, got, want)
		}
		sum += want
	}
	if got := totalV.Data().(float64); math.Abs(got-sum/batch) > 1e-12 {
		t.Errorf("KL an image is %v, want %v", got, sum/batch)
	}
}
