package kldivloss

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// bind sets a node's value, or that of its dual, where Let would refuse.
func bind(n *G.Node, v G.Value) { bound(n, "Value").Set(reflect.ValueOf(&v).Elem()) }

// bound is what a node is bound to: a value, or a part of a dual one.
func bound(n *G.Node, part string) reflect.Value {
	field := reflect.ValueOf(n).Elem().FieldByName("boundTo")
	if dual := reflect.Indirect(field.Elem()); dual.Kind() == reflect.Struct && dual.FieldByName("d").IsValid() {
		field = dual.FieldByName(part)
	}
	return reflect.NewAt(field.Type(), field.Addr().UnsafePointer()).Elem()
}

// hostile is a value of the right shape and dtype whose elements are what they like.
type hostile struct {
	*tensor.Dense
	data func() interface{}
}

func (h hostile) Data() interface{} { return h.data() }

func hostileTo(good *tensor.Dense, data func() interface{}) G.Value {
	return struct{ G.Value }{hostile{good, data}} // hides that it is a tensor
}

func panicking(good *tensor.Dense) G.Value {
	return hostileTo(good, func() interface{} { panic("hostile value") })
}

// training is a step of gradient descent on logits, run again and again.
type training struct {
	logits, target, mask *G.Node
	loss, grad           G.Value
	vm                   G.VM
}

const trainRows, trainClasses = 2, 12 // enough classes for statistics

func trainingData(dtype tensor.Dtype) (logits, target, mask *tensor.Dense) {
	x, y := make([]float64, trainRows*trainClasses), make([]float64, trainRows*trainClasses)
	for i := range x {
		x[i], y[i] = float64(i%5)/4, float64(1+i%trainClasses)/78
	}
	return dense(dtype, x, trainRows, trainClasses), dense(dtype, y, trainRows, trainClasses), dense(dtype, []float64{1, 1}, trainRows)
}

func newTraining(t *testing.T, dtype tensor.Dtype, checks bool) *training {
	t.Helper()
	g := G.NewGraph()
	x, y, m := trainingData(dtype)
	tr := &training{logits: inputOf(g, "logits", x), target: inputOf(g, "target", y), mask: inputOf(g, "mask", m)}
	opts := []Option{WithFromLogits(false), WithReduction(ReductionBatchMean), WithMask(tr.mask), WithChecks(checks)}
	cost := must(t)(KLDivLoss(tr.logits, tr.target, opts...))
	grad := mustAll(t)(Grad(cost, tr.logits))[0]
	mustAll(t)(G.Grad(cost, tr.logits))
	G.Read(cost, &tr.loss)
	G.Read(grad, &tr.grad)
	tr.vm = G.NewTapeMachine(g, G.BindDualValues(tr.logits))
	t.Cleanup(func() { tr.vm.Close() })
	return tr
}

// run is one RunAll, ready for the next.
func (tr *training) run() error {
	defer tr.vm.Reset()
	return tr.vm.RunAll()
}

// rebind gives every input a good value again.
func (tr *training) rebind(dtype tensor.Dtype) {
	x, y, m := trainingData(dtype)
	bind(tr.logits, x)
	bind(tr.target, y)
	bind(tr.mask, m)
}

// runs holds the next run to the numbers of good values.
func (tr *training) runs(t *testing.T, loss, grad []float64, tolerance float64) {
	t.Helper()
	if err := tr.run(); err != nil {
		t.Fatalf("the run after it: %v", err)
	}
	assertClose(t, "loss", numbers(t, tr.loss), loss, tolerance)
	assertClose(t, "gradient", numbers(t, tr.grad), grad, tolerance)
}

// fault is a value that an input of a good one's shape and dtype may not have.
type fault struct {
	name  string
	value func(good *tensor.Dense) G.Value
	want  error
}

func faults(t *testing.T) []fault {
	return []fault{
		{"another shape", func(good *tensor.Dense) G.Value { return dense(good.Dtype(), make([]float64, 15), 3, 5) }, ErrShape},
		{"fewer rows", func(good *tensor.Dense) G.Value {
			return dense(good.Dtype(), make([]float64, trainClasses), 1, trainClasses)
		}, ErrShape},
		{"more dimensions", func(good *tensor.Dense) G.Value {
			return dense(good.Dtype(), make([]float64, 3*good.Size()), append([]int{3}, good.Shape()...)...)
		}, ErrShape},
		{"a scalar", func(good *tensor.Dense) G.Value {
			if good.Dtype() == tensor.Float32 {
				return G.NewF32(1)
			}
			return G.NewF64(1)
		}, ErrShape},
		{"another dtype", func(good *tensor.Dense) G.Value {
			other := tensor.Float32
			if good.Dtype() == other {
				other = tensor.Float64
			}
			return dense(other, numbers(t, good), good.Shape()...)
		}, ErrDtype},
		{"integers", func(good *tensor.Dense) G.Value {
			return tensor.New(tensor.Of(tensor.Int), tensor.WithShape(good.Shape()...))
		}, ErrDtype},
		{"a nil tensor", func(*tensor.Dense) G.Value { return (*tensor.Dense)(nil) }, ErrValue},
		{"nothing", func(*tensor.Dense) G.Value { return nil }, nil},
		{"no elements", func(good *tensor.Dense) G.Value { return hostileTo(good, func() interface{} { return nil }) }, ErrDtype},
		{"too few elements", func(good *tensor.Dense) G.Value {
			return hostileTo(good, func() interface{} { return dense(good.Dtype(), []float64{0}, 1).Data() })
		}, ErrValue},
		{"a panic", panicking, ErrValue},
		{"strides that lead out of its memory", func(good *tensor.Dense) G.Value {
			v := good.Clone().(*tensor.Dense)
			v.Strides()[0] = 1 << 30
			return v
		}, ErrValue},
		{"strides that lead before its memory", func(good *tensor.Dense) G.Value {
			v := good.Clone().(*tensor.Dense)
			v.Strides()[0] = -1
			return v
		}, ErrValue},
	}
}

// TestFaultsMidTraining binds to each input what it may not hold: RunAll says so, and
// the next run with good values gives their numbers to the last bit.
func TestFaultsMidTraining(t *testing.T) {
	for _, dtype := range dtypes {
		for _, checks := range []bool{false, true} {
			tr := newTraining(t, dtype, checks)
			if err := tr.run(); err != nil {
				t.Fatal(err)
			}
			loss, grad := numbers(t, tr.loss), numbers(t, tr.grad)
			for _, n := range []*G.Node{tr.logits, tr.target, tr.mask} {
				for _, f := range faults(t) {
					t.Run(fmt.Sprintf("%v/checks %t/%s/%s", dtype, checks, n.Name(), f.name), func(t *testing.T) {
						bind(n, f.value(n.Value().(*tensor.Dense)))
						err := tr.run()
						if err == nil || f.want != nil && !mentions(err, f.want) {
							t.Errorf("RunAll gives %v, want %v", err, f.want)
						}
						tr.rebind(dtype)
						tr.runs(t, loss, grad, 0)
					})
				}
			}
		}
	}
}

// mentions finds a sentinel that Gorgonia's machine has wrapped by its text alone.
func mentions(err, sentinel error) bool {
	return errors.Is(err, sentinel) || strings.Contains(err.Error(), sentinel.Error())
}

// TestViewsMidTraining binds the same numbers in every layout, in the middle of training:
// they give the same results.
func TestViewsMidTraining(t *testing.T) {
	tolerances := map[tensor.Dtype]float64{tensor.Float64: 1e-15, tensor.Float32: 1e-6}
	for _, dtype := range dtypes {
		tr := newTraining(t, dtype, true)
		if err := tr.run(); err != nil {
			t.Fatal(err)
		}
		loss, grad := numbers(t, tr.loss), numbers(t, tr.grad)
		for _, n := range []*G.Node{tr.logits, tr.target} {
			data := numbers(t, n.Value())
			for name, v := range layouts(t, dtype, data, trainRows, trainClasses) {
				t.Run(fmt.Sprintf("%v/%s/%s", dtype, n.Name(), name), func(t *testing.T) {
					if err := G.Let(n, v); err != nil {
						t.Fatal(err)
					}
					tr.runs(t, loss, grad, tolerances[dtype])
					tr.rebind(dtype)
					tr.runs(t, loss, grad, 0)
				})
			}
		}
	}
}

// TestWhatLetRefuses is where Gorgonia keeps a fault from us, and where it does not.
func TestWhatLetRefuses(t *testing.T) {
	tr := newTraining(t, tensor.Float64, false)
	for name, v := range map[string]interface{}{
		"another shape": dense(tensor.Float64, make([]float64, 15), 3, 5),
		"another dtype": dense(tensor.Float32, make([]float64, 24), trainRows, trainClasses),
		"nil":           nil,
	} {
		if err := G.Let(tr.logits, v); err == nil {
			t.Errorf("Let takes %s", name)
		}
	}
	if err := G.Let(tr.logits, 3.0); err != nil {
		t.Errorf("Let no longer takes a number for a matrix: %v", err)
	}
	if err := tr.run(); err == nil || !mentions(err, ErrShape) {
		t.Errorf("RunAll gives %v, want %v", err, ErrShape)
	}
}
