package kldivloss

import (
	"math"
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
)

// FuzzGraph differentiates random graphs with Gorgonia's ops around our losses: Grad, or
// gorgonia.Grad, agrees with central differences of the cost, HessianVectorProduct with
// those of the gradient.
func FuzzGraph(f *testing.F) {
	for i, data := range randomBytes(150, 40) {
		f.Add(uint8(i%3), data) // every check
	}
	f.Fuzz(func(t *testing.T, mode uint8, data []byte) {
		theirs := mode%8 == 1
		f := newSketch(data, !theirs)
		direction := make([][]float64, len(f.point))
		r := rand.New(rand.NewPCG(4, 5))
		for i, x := range f.point {
			direction[i] = random(r, len(x))
		}
		var err error
		switch {
		case theirs:
			err = f.checkSlope(direction, G.Grad)
		case mode%16 == 0: // which takes the longest
			err = f.checkProduct(direction)
		default:
			err = f.checkSlope(direction, Grad)
		}
		if err != nil && !isCollision(err) {
			t.Errorf("%+v", err)
		}
	})
}

// randomBytes are seeds that take every turn of a fuzz target.
func randomBytes(n, length int) [][]byte {
	r := rand.New(rand.NewPCG(101, 102))
	seeds := make([][]byte, n)
	for i := range seeds {
		for range length {
			seeds[i] = append(seeds[i], byte(r.Uint32()))
		}
	}
	return seeds
}

// checkSlope compares a gradient with the difference of the cost along a direction, in one
// graph and few runs, where checkGradient takes two for each number.
func (f function) checkSlope(direction [][]float64, grad func(*G.Node, ...*G.Node) (G.Nodes, error)) error {
	got, slopes, doubt, err := f.slopes(direction, func(cost *G.Node, in G.Nodes) (G.Nodes, error) {
		grads, err := grad(cost, in...)
		return append(G.Nodes{cost}, grads...), err
	})
	if err != nil {
		return err
	}
	slope := inner(got[1:], direction)
	return compare("slope", [][]float64{{slope}}, slopes[:1], slopeTolerance+doubt)
}

// checkProduct compares a Hessian-vector product with the difference of the gradient.
func (f function) checkProduct(direction [][]float64) error {
	got, slopes, doubt, err := f.slopes(direction, func(cost *G.Node, in G.Nodes) (G.Nodes, error) {
		grads, err := Grad(cost, in...)
		if err != nil {
			return nil, err
		}
		products, err := HessianVectorProduct(cost, in, f.vectors(in, direction))
		return append(products, grads...), err
	})
	if err != nil {
		return err
	}
	n := len(f.point)
	return compare("Hessian-vector product", got[:n], slopes[n:], slopeTolerance+doubt)
}

// slopeTolerance is that of slopes beyond their doubt, for rounding: 1e-16 of the cost over the step.
const slopeTolerance = 1e-9

// slopes returns the values of outputs, and their slopes along a direction: central
// differences with two steps, extrapolated (Richardson 1911). The doubt is how far the two
// are apart, relative to the largest or 1: far more than the result's error.
func (f function) slopes(direction [][]float64, outputs func(cost *G.Node, inputs G.Nodes) (G.Nodes, error)) (at, slopes [][]float64, doubt float64, err error) {
	const step = 1e-3
	eval, err := f.compile(outputs)
	if err != nil {
		return nil, nil, 0, err
	}
	var values [5][][]float64
	for i, by := range []float64{step, -step, 2 * step, -2 * step, 0} {
		if values[i], err = eval(along(f.point, direction, by)); err != nil {
			return nil, nil, 0, err
		}
	}
	scale := 1.0
	slopes = make([][]float64, len(values[0]))
	for i := range slopes {
		for j := range values[0][i] {
			near := (values[0][i][j] - values[1][i][j]) / (2 * step)
			far := (values[2][i][j] - values[3][i][j]) / (4 * step)
			slopes[i] = append(slopes[i], near+(near-far)/3)
			scale, doubt = math.Max(scale, math.Abs(near)), math.Max(doubt, math.Abs(near-far))
		}
	}
	return values[4], slopes, doubt / scale, nil
}

func inner(a, b [][]float64) (sum float64) {
	for i := range a {
		for j := range a[i] {
			sum += a[i][j] * b[i][j]
		}
	}
	return sum
}
