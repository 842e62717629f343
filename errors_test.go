package kldivloss

import (
	"math"
	"strings"
	"testing"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func zeros(g *G.ExprGraph, name string, dtype tensor.Dtype, shape ...int) *G.Node {
	return input(g, name, dtype, make([]float64, volume(shape)), shape...)
}

// TestBadInput holds every wrong call to an error at graph-building time that
// wraps its sentinel and names the argument, what was found and what was
// expected.
func TestBadInput(t *testing.T) {
	g := G.NewGraph()
	x := zeros(g, "x", tensor.Float64, 2, 3)
	y := zeros(g, "y", tensor.Float64, 2, 3)
	vector := zeros(g, "vector", tensor.Float64, 3)
	scalar := G.NewScalar(g, tensor.Float64, G.WithName("scalar"))
	unshaped := G.NewTensor(g, tensor.Float64, 2, G.WithName("unshaped"))
	empty := G.NewTensor(g, tensor.Float64, 2, G.WithName("empty"), G.WithShape(0, 3))
	ints := G.NewTensor(g, tensor.Int, 2, G.WithName("ints"), G.WithShape(2, 3))
	single := zeros(g, "single", tensor.Float32, 2, 3)
	tall := zeros(g, "tall", tensor.Float64, 3, 2)
	column := zeros(g, "column", tensor.Float64, 3, 1)
	foreign := zeros(G.NewGraph(), "foreign", tensor.Float64, 2, 3)
	for _, c := range []struct {
		name         string
		pred, target *G.Node
		opt          Option
		want         error
		says         []string
	}{
		{"nil pred", nil, y, nil, ErrNilNode, []string{"pred", "nil"}},
		{"nil target", x, nil, nil, ErrNilNode, []string{"target", "nil"}},
		{"two graphs", x, foreign, nil, ErrGraph, []string{"target", "pred"}},
		{"two shapes", x, tall, nil, ErrShape, []string{"target", "(3, 2)", "(2, 3)"}},
		{"a column against a vector", vector, column, nil, ErrShape, []string{"target", "(3, 1)", "(3)"}},
		{"a scalar", scalar, scalar, nil, ErrShape, []string{"pred", "scalar"}},
		{"no shape", unshaped, x, nil, ErrShape, []string{"pred", "()"}},
		{"an empty dimension", empty, empty, nil, ErrShape, []string{"pred", "(0, 3)"}},
		{"integers", ints, y, nil, ErrDtype, []string{"pred", "int", "float64"}},
		{"two dtypes", x, single, nil, ErrDtype, []string{"target", "float32", "float64"}},
		{"axis above", x, y, WithAxis(2), ErrAxis, []string{"axis is 2", "-2 to 1"}},
		{"axis below", x, y, WithAxis(-3), ErrAxis, []string{"axis is -3", "-2 to 1"}},
		{"batch axis above", x, y, WithBatchAxis(2), ErrAxis, []string{"batchAxis is 2", "-2 to 1"}},
		{"batch axis below", x, y, WithBatchAxis(-3), ErrAxis, []string{"batchAxis is -3", "-2 to 1"}},
		{"axis and batch axis alike", x, y, WithAxis(0), ErrAxis, []string{"axis and batchAxis", "ReductionPerSample"}},
		{"a vector per sample", vector, vector, nil, ErrAxis, []string{"axis and batchAxis"}},
		{"nil sample weight", x, y, WithSampleWeight(nil), ErrNilNode, []string{"sample weight", "nil"}},
		{"sample weight of another length", x, y, WithSampleWeight(vector), ErrShape, []string{"sample weight", "(3)", "(2)", "(2, 3)"}},
		{"sample weight that does not broadcast", x, y, WithSampleWeight(column), ErrShape, []string{"sample weight", "(3, 1)", "(2, 3)"}},
		{"scalar sample weight", x, y, WithSampleWeight(scalar), ErrShape, []string{"sample weight", "scalar"}},
		{"sample weight of another dtype", x, y, WithSampleWeight(single), ErrDtype, []string{"sample weight", "float32", "float64"}},
		{"sample weight of another graph", x, y, WithSampleWeight(foreign), ErrGraph, []string{"sample weight", "pred"}},
		{"NaN epsilon", x, y, WithEpsilon(math.NaN()), ErrOption, []string{"epsilon", "NaN", "at least 0"}},
		{"infinite epsilon", x, y, WithEpsilon(math.Inf(1)), ErrOption, []string{"epsilon", "+Inf", "finite"}},
		{"negative epsilon", x, y, WithEpsilon(-1e-12), ErrOption, []string{"epsilon", "-1e-12", "at least 0"}},
		{"NaN weight", x, y, WithWeight(math.NaN()), ErrOption, []string{"weight", "NaN", "finite"}},
		{"infinite weight", x, y, WithWeight(math.Inf(-1)), ErrOption, []string{"weight", "-Inf", "finite"}},
		{"unknown pred form", x, y, WithPredForm(7), ErrOption, []string{"pred", "Form(7)", "Probs"}},
		{"unknown target form", x, y, WithTargetForm(3), ErrOption, []string{"target", "Form(3)", "Logits"}},
		{"unknown reduction", x, y, WithReduction(8), ErrOption, []string{"Reduction(8)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := []Option{}
			if c.opt != nil {
				opts = append(opts, c.opt)
			}
			n, err := KLDivLoss(c.pred, c.target, opts...)
			if n != nil || !errors.Is(err, c.want) {
				t.Fatalf("got %v, %v, want %v", n, err, c.want)
			}
			for _, part := range append(c.says, "KLDivLoss") {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
		})
	}
	c := G.NewConstant(dense(tensor.Float64, make([]float64, 6), 2, 3))
	if _, err := KLDivLoss(c, c); !errors.Is(err, ErrGraph) {
		t.Errorf("constants of no graph give %v", err)
	}
	if _, err := Softmax(c, -1); !errors.Is(err, ErrGraph) {
		t.Errorf("the softmax of a constant of no graph gives %v", err)
	}
	if _, err := KLDivLoss(x, y, nil); !errors.Is(err, ErrOption) {
		t.Errorf("a nil option gives %v", err)
	}
	if _, err := KLDivLoss(x, y, WithTargetForm(Logits), WithEpsilon(1e-12)); !errors.Is(err, ErrOption) {
		t.Errorf("an epsilon for logits gives %v", err)
	}
	for _, reduction := range []Reduction{ReductionNone, ReductionSum, ReductionMean, ReductionPerDistribution, ReductionDistributionMean} {
		if _, err := KLDivLoss(vector, vector, WithReduction(reduction)); err != nil {
			t.Errorf("a vector with %v: %v", reduction, err)
		}
	}
}

func TestSoftmaxBadInput(t *testing.T) {
	g := G.NewGraph()
	for _, c := range []struct {
		name string
		x    *G.Node
		axis int
		want error
	}{
		{"nil", nil, 0, ErrNilNode},
		{"a scalar", G.NewScalar(g, tensor.Float64, G.WithName("s")), 0, ErrShape},
		{"integers", G.NewTensor(g, tensor.Int, 1, G.WithName("i"), G.WithShape(3)), 0, ErrDtype},
		{"axis out of range", zeros(g, "x", tensor.Float64, 2, 3), 2, ErrAxis},
	} {
		if _, err := Softmax(c.x, c.axis); !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "Softmax") {
			t.Errorf("Softmax of %s: got %v, want %v", c.name, err, c.want)
		}
		if _, err := LogSoftmax(c.x, c.axis); !errors.Is(err, c.want) || !strings.HasPrefix(err.Error(), "LogSoftmax") {
			t.Errorf("LogSoftmax of %s: got %v, want %v", c.name, err, c.want)
		}
	}
}

// TestValuesThatNoLongerFit reshapes a bound value behind the graph's back, which
// Let would have refused: RunAll gives an error that says so, and the next run
// with a good value works.
func TestValuesThatNoLongerFit(t *testing.T) {
	for _, wrt := range []int{0, 1} {
		g := G.NewGraph()
		inputs := G.Nodes{zeros(g, "x", tensor.Float64, 2, 3), zeros(g, "y", tensor.Float64, 2, 3)}
		cost := must(t)(KLDivLoss(inputs[0], inputs[1], WithFromLogits(false), WithReduction(ReductionSum)))
		mustAll(t)(Grad(cost, inputs...))
		vm := G.NewTapeMachine(g)
		bound := inputs[wrt].Value().(*tensor.Dense)
		for _, shape := range [][]int{{3, 2}, {6}, {1, 6}} {
			if err := bound.Reshape(shape...); err != nil {
				t.Fatal(err)
			}
			if err := vm.RunAll(); err == nil || !strings.Contains(err.Error(), "expected (2, 3)") {
				t.Errorf("shape %v: RunAll gives %v", shape, err)
			}
			vm.Reset()
			if err := bound.Reshape(2, 3); err != nil {
				t.Fatal(err)
			}
			if err := vm.RunAll(); err != nil {
				t.Errorf("the next run gives %v", err)
			}
			vm.Reset()
		}
		vm.Close()
	}
}

// TestDoRefusesBadValues hands an op what no graph should.
func TestDoRefusesBadValues(t *testing.T) {
	g := G.NewGraph()
	x := zeros(g, "x", tensor.Float64, 2, 3)
	y := zeros(g, "y", tensor.Float64, 2, 3)
	op := must(t)(KLDivLoss(x, y)).Op()
	good := y.Value()
	sparse := tensor.CSCFromCoord(tensor.Shape{2, 3}, []int{0, 0, 0, 1, 1, 1}, []int{0, 1, 2, 0, 1, 2}, []float64{1, 2, 3, 4, 5, 6})
	masked := dense(tensor.Float64, make([]float64, 6), 2, 3)
	masked.ResetMask(true)
	for _, c := range []struct {
		name   string
		values []G.Value
		want   error
	}{
		{"nil", []G.Value{nil, good}, ErrValue},
		{"a nil tensor", []G.Value{(*tensor.Dense)(nil), good}, ErrValue},
		{"too few", []G.Value{good}, ErrValue},
		{"another shape", []G.Value{dense(tensor.Float64, make([]float64, 9), 3, 3), good}, ErrShape},
		{"another dtype", []G.Value{dense(tensor.Float32, make([]float64, 6), 2, 3), good}, ErrDtype},
		{"integers", []G.Value{tensor.New(tensor.WithBacking([]int{1, 2, 3, 4, 5, 6}), tensor.WithShape(2, 3)), good}, ErrDtype},
		{"a scalar", []G.Value{G.NewF64(1), good}, ErrShape},
		{"a sparse matrix", []G.Value{sparse, good}, ErrValue},
		{"a masked tensor", []G.Value{masked, good}, ErrValue},
	} {
		if _, err := op.Do(c.values...); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
	}
}

func TestInputWithoutValue(t *testing.T) {
	g := G.NewGraph()
	x := G.NewMatrix(g, tensor.Float64, G.WithName("x"), G.WithShape(2, 3))
	must(t)(KLDivLoss(x, zeros(g, "y", tensor.Float64, 2, 3)))
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err == nil {
		t.Error("an input without a value gives no error")
	}
}
