package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

var (
	forms = []Form{Probs, LogProbs, Logits}
	sides = []Side{Pred, Target}
)

// formPair is one of the nine combinations of forms, or one of the three whose
// target takes an epsilon.
type formPair struct {
	pred, target Form
	epsilon      float64
}

func (f formPair) String() string {
	names := []string{"probs", "logprobs", "logits"}
	name := names[f.pred] + "‖" + names[f.target]
	if f.epsilon != 0 {
		name += fmt.Sprintf("+%g", f.epsilon)
	}
	return name
}

// formPairs returns every pair of forms with every epsilon it may have.
func formPairs(epsilons ...float64) []formPair {
	var pairs []formPair
	for _, pred := range forms {
		for _, target := range forms {
			for _, epsilon := range epsilons {
				if epsilon == 0 || target == Probs {
					pairs = append(pairs, formPair{pred, target, epsilon})
				}
			}
		}
	}
	return pairs
}

// dtypes runs a test once for each element type.
func dtypes(t *testing.T, f32, f64 func(t *testing.T)) {
	t.Run("float32", func(t *testing.T) { t.Parallel(); f32(t) })
	t.Run("float64", func(t *testing.T) { t.Parallel(); f64(t) })
}

func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// logits draws n normal numbers of standard deviation sigma.
func logits(rng *rand.Rand, n int, sigma float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = sigma * rng.NormFloat64()
	}
	return x
}

// encode writes the distribution softmax(x) in a form. Probabilities stay above
// the denormal numbers.
func encode[F Float](form Form, x []float64) []F {
	probs := make([]float64, len(x))
	shift, logSum := softmax(probs, x)
	out := make([]F, len(x))
	for i, xi := range x {
		switch form {
		case Probs:
			out[i] = F(max(probs[i], 1e-30))
		case LogProbs:
			out[i] = F(xi - shift - logSum)
		case Logits:
			out[i] = F(xi)
		}
	}
	return out
}

func convert[F Float](x []float64) []F {
	out := make([]F, len(x))
	for i, xi := range x {
		out[i] = F(xi)
	}
	return out
}

func repeat[F Float](x F, n int) []F {
	out := make([]F, n)
	for i := range out {
		out[i] = x
	}
	return out
}

// dense is a row-major tensor.
func dense[F Float](data []F, shape ...int) View[F] { return View[F]{data, RowMajor(shape)} }

// newProblem is the loss of a pair, elementwise or summed over the class axis.
func newProblem(pair formPair, shape []int, axis int, elementwise bool) Problem {
	p := Problem{
		Shape: shape, Axis: axis, Pred: pair.pred, Target: pair.target, Epsilon: pair.epsilon,
		Scale: 1, OutStrides: RowMajor(shape), OutSize: size(shape),
	}
	if !elementwise {
		p.OutStrides, p.OutSize = summed(shape, axis)
	}
	return p
}

// summed returns the strides and the size of a row-major tensor that is summed
// over some axes of shape.
func summed(shape []int, axes ...int) ([]int, int) {
	kept := slices.Clone(shape)
	for _, axis := range axes {
		kept[axis] = 1
	}
	strides := RowMajor(kept)
	for _, axis := range axes {
		strides[axis] = 0
	}
	return strides, size(kept)
}

// function is a function of this package under its name.
type function[F Float] struct {
	name    string
	reduces bool // to outputs, like the loss; others return pred's shape
	call    func(p Problem, in *Operands[F]) []F
}

// functions lists everything that takes a Problem.
func functions[F Float]() []function[F] {
	list := []function[F]{{"Loss", true, Loss[F]}}
	for _, a := range sides {
		list = append(list,
			function[F]{"VJP " + a.String(), false, func(p Problem, in *Operands[F]) []F { return VJP(p, a, in) }},
			function[F]{"VJP of statistics " + a.String(), false, func(p Problem, in *Operands[F]) []F { return VJP(p, a, noted(p, in)) }},
			function[F]{"VJP ahead " + a.String(), false, func(p Problem, in *Operands[F]) []F { return ahead(p, in, a)[0] }},
			function[F]{"JVP " + a.String(), true, func(p Problem, in *Operands[F]) []F { return JVP(p, a, in) }})
		for _, b := range sides {
			list = append(list, function[F]{
				fmt.Sprintf("HVP along %v wrt %v", a, b), false,
				func(p Problem, in *Operands[F]) []F { return HVP(p, a, b, in) },
			})
		}
	}
	return list
}

// noted returns operands with their statistics, if the problem has them.
func noted[F Float](p Problem, in *Operands[F]) *Operands[F] {
	with := *in
	if p.notable() {
		with.Statistics, _ = Statistics(p, in)
	}
	return &with
}

// ahead returns gradients that were written with the statistics, if the problem has them.
func ahead[F Float](p Problem, in *Operands[F], wrt ...Side) (gradients [][]F) {
	if p.notable() {
		if u := in.Upstream.Data; len(u) == 1 && u[0] == 1 { // as if there were none
			plain := *in
			plain.Upstream = View[F]{}
			in = &plain
		}
		_, gradients = LossAndGradients(p, in, wrt...)
		return gradients
	}
	for _, side := range wrt {
		gradients = append(gradients, VJP(p, side, in))
	}
	return gradients
}

// bits returns numbers as their bits, all NaN alike, so that slices.Equal tells
// −0 from 0 and finds NaN equal to NaN.
func bits[F Float](x []F) []uint64 {
	out := make([]uint64, len(x))
	for i, xi := range x {
		out[i] = math.Float64bits(float64(xi))
		if xi != xi {
			out[i] = math.Float64bits(math.NaN())
		}
	}
	return out
}

// epsilonOf returns the distance from 1 to the next number, and the error that
// is due to underflow, or to the reference.
func epsilonOf[F Float]() (epsilon, underflow float64) {
	if F(1)+F(0x1p-52) != 1 {
		return 0x1p-52, 0x1p-390
	}
	return 0x1p-23, 2 * math.SmallestNonzeroFloat32
}

// near reports whether a is within tolerance of b; an infinity is near itself only.
func near(a, b, tolerance float64) bool {
	return a == b || !math.IsInf(b, 0) && math.Abs(a-b) <= tolerance
}

func float64s[F Float](x []F) []float64 {
	out := make([]float64, len(x))
	for i, xi := range x {
		out[i] = float64(xi)
	}
	return out
}

// equalBits fails unless got is want to the last bit.
func equalBits[F Float](t *testing.T, name string, got, want []F) {
	t.Helper()
	if !slices.Equal(bits(got), bits(want)) {
		t.Errorf("%s = %v, want %v", name, got, want)
	}
}
