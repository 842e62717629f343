package main

import "math"

// What the tests compare the graphs with: the same mathematics in plain Go, float64.

func softmax(x []float64) []float64 {
	top, sum := math.Inf(-1), 0.0
	for _, v := range x {
		top = math.Max(top, v)
	}
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = math.Exp(v - top)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// bernoulli is −ln p(x) of a pixel with this logit.
func bernoulli(logit, x float64) float64 {
	return math.Max(logit, 0) + math.Log1p(math.Exp(-math.Abs(logit))) - x*logit
}

// latentKL is the divergence from the prior of one latent of an image's posterior.
func latentKL(s settings, posterior []float64, latent int) float64 {
	if s.Latent == gaussianName {
		mean, logvar := posterior[latent], posterior[s.Latents+latent]
		return (mean*mean + math.Exp(logvar) - 1 - logvar) / 2
	}
	kl := 0.0
	for _, q := range softmax(posterior[latent*s.Classes:][:s.Classes]) {
		kl += q * math.Log(q*float64(s.Classes))
	}
	return kl
}

func float64s(x []float32) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = float64(v)
	}
	return out
}
