package main

import "math"

// settings are the hyperparameters of a model. They are part of a checkpoint.
type settings struct {
	Latent  string // categorical or gaussian
	Hidden  []int  // widths of the encoder's hidden layers, mirrored by the decoder
	Latents int
	Classes int // of each categorical latent

	Batch        int
	LearningRate float64 // Adam's
	Falling      bool    // it falls from there to 0, along a cosine
	Temperature  float64 // τ of the relaxed samples at the start, which falls …
	Coldest      float64 // … geometrically to this
	WarmUp       float64 // share of the training in which the KL's weight rises from 0 to 1

	Binarise bool // pixels drawn as 0 or 1 anew each time, else their brightness from 0 to 1
}

const (
	categoricalName = "categorical"
	gaussianName    = "gaussian"
)

// models are the settings by the names that -latent takes. Those of the categorical
// model were chosen by the −ELBO of 5,000 of MNIST's training images that were held out.
var models = map[string]settings{
	categoricalName: {
		Latent: categoricalName, Hidden: []int{512, 256}, Latents: 20, Classes: 10,
		Batch: 100, LearningRate: 2e-3, Falling: true, Temperature: 1, Coldest: 0.3, WarmUp: 0.2, Binarise: true,
	},
	// github.com/pytorch/examples, vae/main.py.
	gaussianName: {
		Latent: gaussianName, Hidden: []int{400}, Latents: 20,
		Batch: 128, LearningRate: 1e-3,
	},
}

// rate is the learning rate after a share of the training, 0 to 1.
func (s settings) rate(done float64) float64 {
	if !s.Falling {
		return s.LearningRate
	}
	return s.LearningRate * (1 + math.Cos(math.Pi*done)) / 2
}

// temperature is τ after a share of the training.
func (s settings) temperature(done float64) float64 {
	return s.Temperature * math.Pow(s.Coldest/s.Temperature, done)
}

// beta is the KL's weight after a share of the training. Without a warm-up some latents
// fall to their prior at once and stay there: Bowman et al., "Generating sentences from
// a continuous space", 2016.
func (s settings) beta(done float64) float64 {
	if done >= s.WarmUp {
		return 1
	}
	return done / s.WarmUp
}
