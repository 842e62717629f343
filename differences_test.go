package kldivloss

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// function is a scalar function of some float64 tensors, as a graph.
type function struct {
	shapes [][]int
	point  [][]float64
	build  func(inputs G.Nodes) (*G.Node, error)
}

// step of central differences: the error of a well-scaled function is about
// step² from the next derivative and 1e-16/step from rounding.
const step = 1e-5

func random(r *rand.Rand, n int) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = r.NormFloat64()
	}
	return x
}

// compile builds the function on a graph of its own and returns what evaluates
// the nodes that outputs picks, at any point.
func (f function) compile(outputs func(cost *G.Node, inputs G.Nodes) (G.Nodes, error)) (eval func(point [][]float64) ([][]float64, error), err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Errorf("building panics: %v", r)
		}
	}()
	g := G.NewGraph()
	inputs := make(G.Nodes, len(f.shapes))
	for i, shape := range f.shapes {
		inputs[i] = input(g, fmt.Sprintf("input %d", i), tensor.Float64, f.point[i], shape...)
	}
	cost, err := f.build(inputs)
	if err != nil {
		return nil, err
	}
	nodes, err := outputs(cost, inputs)
	if err != nil {
		return nil, err
	}
	values := make([]G.Value, len(nodes))
	for i, n := range nodes {
		G.Read(n, &values[i])
	}
	if err := checkHashes(g); err != nil {
		return nil, err
	}
	vm := G.NewTapeMachine(g)
	return func(point [][]float64) ([][]float64, error) {
		for i, x := range point {
			if err := G.Let(inputs[i], dense(tensor.Float64, x, f.shapes[i]...)); err != nil {
				return nil, err
			}
		}
		defer vm.Reset()
		if err := vm.RunAll(); err != nil {
			return nil, err
		}
		results := make([][]float64, len(values))
		for i, v := range values {
			switch data := v.Data().(type) {
			case float64:
				results[i] = []float64{data}
			case []float64:
				results[i] = append([]float64(nil), data...)
			}
		}
		return results, nil
	}, nil
}

func moved(point [][]float64, input, element int, by float64) [][]float64 {
	q := make([][]float64, len(point))
	for i := range point {
		q[i] = append([]float64(nil), point[i]...)
	}
	q[input][element] += by
	return q
}

func along(point, direction [][]float64, by float64) [][]float64 {
	q := make([][]float64, len(point))
	for i := range point {
		q[i] = append([]float64(nil), point[i]...)
		for j := range q[i] {
			q[i][j] += by * direction[i][j]
		}
	}
	return q
}

// checkGradient compares Grad with central differences of the cost.
func (f function) checkGradient(tolerance float64) error {
	costAt, err := f.compile(func(cost *G.Node, _ G.Nodes) (G.Nodes, error) { return G.Nodes{cost}, nil })
	if err != nil {
		return err
	}
	gradAt, err := f.compile(func(cost *G.Node, inputs G.Nodes) (G.Nodes, error) { return Grad(cost, inputs...) })
	if err != nil {
		return err
	}
	got, err := gradAt(f.point)
	if err != nil {
		return err
	}
	want := make([][]float64, len(f.point))
	for i := range f.point {
		for j := range f.point[i] {
			above, err := costAt(moved(f.point, i, j, step))
			if err != nil {
				return err
			}
			below, err := costAt(moved(f.point, i, j, -step))
			if err != nil {
				return err
			}
			want[i] = append(want[i], (above[0][0]-below[0][0])/(2*step))
		}
	}
	return compare("gradient", got, want, tolerance)
}

// vectors are inputs that hold a direction.
func (f function) vectors(inputs G.Nodes, direction [][]float64) G.Nodes {
	v := make(G.Nodes, len(inputs))
	for i, n := range inputs {
		v[i] = input(n.Graph(), fmt.Sprintf("v %d", i), tensor.Float64, direction[i], f.shapes[i]...)
	}
	return v
}

// checkHVP compares HessianVectorProduct with central differences of Grad.
func (f function) checkHVP(direction [][]float64, tolerance float64) error {
	gradAt, err := f.compile(func(cost *G.Node, inputs G.Nodes) (G.Nodes, error) { return Grad(cost, inputs...) })
	if err != nil {
		return err
	}
	hvpAt, err := f.compile(func(cost *G.Node, inputs G.Nodes) (G.Nodes, error) {
		return HessianVectorProduct(cost, inputs, f.vectors(inputs, direction))
	})
	if err != nil {
		return err
	}
	got, err := hvpAt(f.point)
	if err != nil {
		return err
	}
	above, err := gradAt(along(f.point, direction, step))
	if err != nil {
		return err
	}
	below, err := gradAt(along(f.point, direction, -step))
	if err != nil {
		return err
	}
	want := make([][]float64, len(above))
	for i := range above {
		for j := range above[i] {
			want[i] = append(want[i], (above[i][j]-below[i][j])/(2*step))
		}
	}
	return compare("Hessian-vector product", got, want, tolerance)
}

// compare relates errors to the largest expected entry.
func compare(what string, got, want [][]float64, tolerance float64) error {
	scale := 0.0
	for i := range want {
		for j := range want[i] {
			scale = math.Max(scale, math.Abs(want[i][j]))
		}
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			return errors.Errorf("%s: input %d has %d entries, want %d", what, i, len(got[i]), len(want[i]))
		}
		for j := range want[i] {
			if !(math.Abs(got[i][j]-want[i][j]) <= tolerance*math.Max(scale, 1)) {
				return errors.Errorf("%s: input %d, entry %d is %v, want %v", what, i, j, got[i][j], want[i][j])
			}
		}
	}
	return nil
}

func (f function) check(t *testing.T, r *rand.Rand, tolerance float64) {
	t.Helper()
	if err := f.checkGradient(tolerance); err != nil {
		t.Error(err)
	}
	direction := make([][]float64, len(f.point))
	for i, x := range f.point {
		direction[i] = random(r, len(x))
	}
	if err := f.checkHVP(direction, tolerance); err != nil {
		t.Error(err)
	}
}
