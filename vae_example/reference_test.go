package main

import (
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// What the tests compare the graphs with: the same mathematics in plain Go, float64.

// forward runs layers with ReLU between them on one row, in plain Go.
func forward(layers []layer, h []float64) []float64 {
	for i, l := range layers {
		out := append([]float64(nil), l.bias.Data().([]float64)...)
		w := l.weight.Data().([]float64)
		for j, v := range h {
			if i > 0 {
				v = math.Max(v, 0)
			}
			for k := range out {
				out[k] += v * w[j*len(out)+k]
			}
		}
		h = out
	}
	return h
}

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

func set(t *testing.T, d *tensor.Dense, v any, at ...int) {
	t.Helper()
	if err := d.SetAt(v, at...); err != nil {
		t.Fatal(err)
	}
}

func number(t *testing.T, v G.Value, at ...int) float64 {
	t.Helper()
	x, err := v.(*tensor.Dense).At(at...)
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := x.(float32); ok {
		return float64(f)
	}
	return x.(float64)
}
