package main

import (
	"math"
	"testing"
)

func TestOrthogonal(t *testing.T) {
	for _, c := range []struct{ rows, columns int }{{4, 64}, {64, 64}, {64, 2}, {64, 1}, {1, 3}} {
		const gain = 1.5
		w := make([]float64, c.rows*c.columns)
		orthogonal(w, c.rows, c.columns, gain, newRand(1, 2))
		at := func(i, j int) float64 { return w[i*c.columns+j] }
		if c.rows > c.columns {
			at = func(i, j int) float64 { return w[j*c.columns+i] }
		}
		for a := range min(c.rows, c.columns) {
			for b := range a + 1 {
				product, want := 0.0, 0.0
				for j := range max(c.rows, c.columns) {
					product += at(a, j) * at(b, j)
				}
				if a == b {
					want = gain * gain
				}
				near(t, "product of two vectors", product, want, 1e-13)
			}
		}
	}
}

// TestForward compares with the formula in plain loops, and with the graph.
func TestForward(t *testing.T) {
	p := smallPolicy(t, 5, 1)
	f := newForward(p.network)
	logits := make([]float64, 5*3)
	p.objective.gather(logits, logitsValue)
	for i := range 5 {
		x := p.batch.observations[i*4 : (i+1)*4]
		h := x
		offset := 0
		for l, out := range []int{6, 5, 3} {
			next := make([]float64, out)
			for j := range next {
				next[j] = p.network.theta[offset+len(h)*out+j]
				for k, v := range h {
					next[j] += v * p.network.theta[offset+k*out+j]
				}
				if l < 2 {
					next[j] = math.Tanh(next[j])
				}
			}
			offset += (len(h) + 1) * out
			h = next
		}
		got := append([]float64(nil), f.at(x)...)
		within(t, "logits", got, h, 1e-13)
		within(t, "logits of the graph", got, logits[i*3:(i+1)*3], 1e-13)
	}
}

func TestNewNetwork(t *testing.T) {
	n := newNetwork[float64](4, 2, 0.01, newRand(1, 2))
	if want := 5*64 + 65*64 + 65*2; n.size() != want || len(n.theta) != want {
		t.Errorf("%d parameters of %d, want %d", len(n.theta), n.size(), want)
	}
	_, bias := n.layer(n.theta, 1)
	within(t, "biases", bias, make([]float64, 64), 0)
	weight, _ := n.layer(n.theta, 2)
	near(t, "square of the last layer", dot(weight, weight), 2*0.01*0.01, 1e-15)
}
