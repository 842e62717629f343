package main

import (
	"math"
	"math/rand/v2"
)

// float is the arithmetic of the networks: float32 to train, float64 in tests.
type float interface{ float32 | float64 }

// network is a multilayer perceptron with tanh between its layers,
//
//	h₀ = x,  hₗ = tanh(hₗ₋₁ Wₗ + bₗ),  f(x) = h_{L−1} W_L + b_L
//
// Its parameters θ lie in one vector, W₁ (in × out, row-major), b₁, W₂, …: conjugate
// gradient, line search and Adam work on that, and every graph is bound to it by
// value.
type network[T float] struct {
	widths []int // of the input, the hidden layers and the output
	theta  []T
}

const hiddenWidth = 64

// newNetwork has two hidden layers. Weights are orthogonal with gain √2, those of the
// last layer with the given gain, and biases 0: Stable-Baselines3's initialisation.
func newNetwork[T float](inputs, outputs int, gain float64, rng *rand.Rand) *network[T] {
	n := &network[T]{widths: []int{inputs, hiddenWidth, hiddenWidth, outputs}}
	n.theta = make([]T, n.size())
	for l := range n.layers() {
		g := math.Sqrt2
		if l == n.layers()-1 {
			g = gain
		}
		weight, _ := n.layer(n.theta, l)
		orthogonal(weight, n.widths[l], n.widths[l+1], g, rng)
	}
	return n
}

func (n *network[T]) layers() int { return len(n.widths) - 1 }

// size is the number of parameters.
func (n *network[T]) size() int {
	size := 0
	for l := range n.layers() {
		size += (n.widths[l] + 1) * n.widths[l+1]
	}
	return size
}

// layer returns the parts of a vector of size() numbers that belong to layer l.
func (n *network[T]) layer(vector []T, l int) (weight, bias []T) {
	for i := range l {
		vector = vector[(n.widths[i]+1)*n.widths[i+1]:]
	}
	in, out := n.widths[l], n.widths[l+1]
	return vector[:in*out], vector[in*out : (in+1)*out]
}

// orthogonal fills weight, rows × columns, with gain times a random matrix whose
// shorter side is orthonormal: Gaussian vectors, made orthogonal by Gram–Schmidt.
// Saxe, McClelland, Ganguli, "Exact solutions to the nonlinear dynamics of learning in
// deep linear neural networks", 2014.
func orthogonal[T float](weight []T, rows, columns int, gain float64, rng *rand.Rand) {
	count, length := min(rows, columns), max(rows, columns)
	basis := make([][]float64, count)
	for i := range basis {
		v := make([]float64, length)
		for j := range v {
			v[j] = rng.NormFloat64()
		}
		// Twice: what rounding leaves of the others after one pass is then gone.
		for range 2 {
			for _, u := range basis[:i] {
				axpy(v, -dot(u, v), u)
			}
		}
		norm := math.Sqrt(dot(v, v))
		for j := range v {
			v[j] /= norm
		}
		basis[i] = v
	}
	for i, v := range basis {
		for j, x := range v {
			if rows < columns {
				weight[i*columns+j] = T(gain * x)
			} else {
				weight[j*columns+i] = T(gain * x)
			}
		}
	}
}

// forward evaluates a network on one observation at a time, for the rollouts. Through
// a Gorgonia machine a single observation costs ten times its arithmetic. One forward
// belongs to one goroutine; the parameters may be shared while nobody writes them.
type forward[T float] struct {
	net    *network[T]
	hidden [][]T // the output of each layer
}

func newForward[T float](n *network[T]) *forward[T] {
	f := &forward[T]{net: n}
	for _, width := range n.widths[1:] {
		f.hidden = append(f.hidden, make([]T, width))
	}
	return f
}

// at returns f(x), which the next call overwrites.
func (f *forward[T]) at(x []T) []T {
	for l, out := range f.hidden {
		weight, bias := f.net.layer(f.net.theta, l)
		copy(out, bias)
		for i, v := range x {
			axpy(out, v, weight[i*len(out):(i+1)*len(out)])
		}
		if l < len(f.hidden)-1 {
			for i, v := range out {
				out[i] = T(math.Tanh(float64(v)))
			}
		}
		x = out
	}
	return x
}
