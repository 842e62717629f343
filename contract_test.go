package kldivloss

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestHashTellsLossesApart builds losses that differ in one respect each on one
// pair of nodes: all are nodes of their own, and the same call twice is one node.
func TestHashTellsLossesApart(t *testing.T) {
	g := G.NewGraph()
	x := zeros(g, "x", tensor.Float64, 3, 3, 3)
	y := zeros(g, "y", tensor.Float64, 3, 3, 3)
	w := zeros(g, "w", tensor.Float64, 3)
	column := zeros(g, "column", tensor.Float64, 3, 1, 1)
	square := zeros(g, "square", tensor.Float64, 3, 3)
	calls := map[string][]Option{
		"default": nil, "weight": {WithWeight(2)}, "epsilon": {WithEpsilon(1e-12)}, "larger epsilon": {WithEpsilon(1e-11)},
		"axis": {WithAxis(1)}, "batch axis": {WithBatchAxis(1)}, "constant target": {WithTargetGrad(false)},
		"sample weight": {WithSampleWeight(w)}, "sample weight along 1": {WithSampleWeight(w), WithBatchAxis(1)},
		"column of sample weights": {WithSampleWeight(column)},
		"mask":                     {WithMask(square)}, "weighted mean": {WithSampleWeight(w), WithReduction(ReductionWeightedMean)},
		"masked mean": {WithMask(square), WithReduction(ReductionMean)},
	}
	for _, f := range forms {
		if f != LogProbs {
			calls["pred "+f.String()] = []Option{WithPredForm(f)}
		}
		if f != Probs {
			calls["target "+f.String()] = []Option{WithTargetForm(f)}
		}
	}
	for _, r := range reductions[1:] {
		calls[r.String()] = []Option{WithReduction(r)}
	}
	calls["sum along 0"] = []Option{WithReduction(ReductionSum), WithAxis(0), WithBatchAxis(1)}
	seen := map[*G.Node]string{}
	hashes := map[uint32]string{}
	for name, opts := range calls {
		n := must(t)(KLDivLoss(x, y, opts...))
		if other, ok := seen[n]; ok {
			t.Errorf("%s and %s are one node", name, other)
		}
		if other, ok := hashes[n.Op().Hashcode()]; ok {
			t.Errorf("%s and %s have one hash", name, other)
		}
		seen[n], hashes[n.Op().Hashcode()] = name, name
		if again := must(t)(KLDivLoss(x, y, opts...)); again != n {
			t.Errorf("%s twice gives two nodes", name)
		}
	}
	if n := must(t)(KLDivLoss(y, x)); seen[n] != "" {
		t.Error("swapped inputs give the same node")
	}
}

// TestHashCoversEveryField changes the fields of a plan one by one, found by
// reflection, so that a new one cannot be forgotten.
func TestHashCoversEveryField(t *testing.T) {
	g := G.NewGraph()
	w := zeros(g, "w", tensor.Float64, 2)
	opts := []Option{WithSampleWeight(w), WithAxis(0), WithBatchAxis(1)}
	p, _, err := newPlan(divergence{}, zeros(g, "x", tensor.Float64, 3, 2), zeros(g, "y", tensor.Float64, 3, 2), opts)
	if err != nil {
		t.Fatal(err)
	}
	ops := map[string]func(*plan) G.Op{
		"loss":              func(p *plan) G.Op { return newLossOp(p) },
		"vjp":               func(p *plan) G.Op { return newVJPOp(p, 0, false) },
		"vjp of statistics": func(p *plan) G.Op { return newVJPOp(p, 0, true) },
		"statistics":        func(p *plan) G.Op { return newStatisticsOp(p) },
		"jvp":               func(p *plan) G.Op { return newJVPOp(p, 0) },
		"hvp":               func(p *plan) G.Op { return newHVPOp(p, 0, 0) },
	}
	for name, make := range ops {
		base := make(p).Hashcode()
		if again := make(p).Hashcode(); again != base {
			t.Errorf("%s: two hashes of one plan", name)
		}
		for _, changed := range changes(t, p) {
			if make(changed.plan).Hashcode() == base && !(name == "statistics" && slices.Contains(noStatistics, changed.field)) {
				t.Errorf("%s: %s does not change the hash", name, changed.field)
			}
		}
	}
	sides := map[uint32]bool{}
	for _, op := range []G.Op{newVJPOp(p, 0, false), newVJPOp(p, 1, false), newJVPOp(p, 0), newJVPOp(p, 1), newHVPOp(p, 0, 0), newHVPOp(p, 0, 1), newHVPOp(p, 1, 0), newHVPOp(p, 1, 1)} {
		sides[op.Hashcode()] = true
	}
	if len(sides) != 8 {
		t.Errorf("%d hashes of 8 derivatives", len(sides))
	}
}

// noStatistics are the fields that statistics do not depend on.
var noStatistics = []string{"plan.outShape", "plan.predGrad", "plan.targetGrad"}

type change struct {
	field string
	plan  *plan
}

// changes returns the plan with each of its fields changed in turn.
func changes(t *testing.T, p *plan) []change {
	t.Helper()
	var all []change
	var walk func(path []int, v reflect.Type, name string)
	walk = func(path []int, v reflect.Type, name string) {
		for i := range v.NumField() {
			field := v.Field(i)
			index := append(slices.Clone(path), i)
			if field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeOf(tensor.Dtype{}) {
				walk(index, field.Type, name+field.Name+".")
				continue
			}
			q := *p
			set(t, reflect.ValueOf(&q).Elem().FieldByIndex(index))
			all = append(all, change{name + field.Name, &q})
		}
	}
	walk(nil, reflect.TypeOf(*p), "plan.")
	if len(all) < 12 {
		t.Fatalf("only %d fields found", len(all))
	}
	return all
}

// set gives an unexported field another value.
func set(t *testing.T, v reflect.Value) {
	t.Helper()
	v = reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	switch {
	case v.Type() == reflect.TypeOf(tensor.Dtype{}):
		v.Set(reflect.ValueOf(tensor.Float32))
	case v.Kind() == reflect.Bool:
		v.SetBool(!v.Bool())
	case v.CanInt():
		v.SetInt(v.Int() + 1)
	case v.CanUint():
		v.SetUint(v.Uint() + 1)
	case v.CanFloat():
		v.SetFloat(v.Float() + 1)
	case v.Kind() == reflect.Slice:
		longer := reflect.MakeSlice(v.Type(), v.Len()+1, v.Len()+1)
		reflect.Copy(longer, v)
		v.Set(longer)
	default:
		t.Fatalf("no other value for %v", v.Type())
	}
}

// layouts are the same numbers in memory in different ways.
func layouts(t *testing.T, dtype tensor.Dtype, data []float64, rows, cols int) map[string]*tensor.Dense {
	t.Helper()
	transposed := make([]float64, len(data))
	wide := make([]float64, rows*(cols+2))
	tall := make([]float64, (rows+2)*cols)
	for i := range rows {
		for j := range cols {
			transposed[j*rows+i] = data[i*cols+j]
			wide[i*(cols+2)+j+1] = data[i*cols+j]
			tall[(i+1)*cols+j] = data[i*cols+j]
		}
	}
	view := dense(dtype, transposed, cols, rows)
	if err := view.T(); err != nil {
		t.Fatal(err)
	}
	slice := func(d *tensor.Dense, slices ...tensor.Slice) *tensor.Dense {
		s, err := d.Slice(slices...)
		if err != nil {
			t.Fatal(err)
		}
		return s.(*tensor.Dense)
	}
	columnMajor := tensor.New(tensor.AsFortran(dense(dtype, transposed, len(data)).Data()), tensor.WithShape(rows, cols))
	return map[string]*tensor.Dense{
		"row-major":    dense(dtype, data, rows, cols),
		"transposed":   view,
		"column slice": slice(dense(dtype, wide, rows, cols+2), nil, G.S(1, cols+1)),
		"row slice":    slice(dense(dtype, tall, rows+2, cols), G.S(1, rows+1)),
		"column-major": columnMajor,
	}
}

// TestLayouts feeds every op strided input, and holds it to leave its inputs
// alone and to return fresh memory.
func TestLayouts(t *testing.T) {
	const rows, cols = 3, 4
	r := rand.New(rand.NewPCG(21, 22))
	for _, dtype := range dtypes {
		data, other := random(r, rows*cols), inForm(r, Probs, rows*cols)
		var want [][]float64
		for _, name := range []string{"row-major", "transposed", "column slice", "row slice", "column-major"} {
			t.Run(fmt.Sprintf("%s/%v", name, dtype), func(t *testing.T) {
				x := layouts(t, dtype, data, rows, cols)[name]
				y := layouts(t, dtype, other, rows, cols)[name]
				if got := numbers(t, x); !slices.Equal(got, numbers(t, dense(dtype, data, rows, cols))) {
					t.Fatalf("the layout holds %v", got)
				}
				results := applyAll(t, x, y)
				if want == nil {
					want = results
				}
				for i := range want {
					assertClose(t, fmt.Sprintf("result %d", i), results[i], want[i], 0)
				}
				assertClose(t, "pred afterwards", numbers(t, x), numbers(t, dense(dtype, data, rows, cols)), 0)
				assertClose(t, "target afterwards", numbers(t, y), numbers(t, dense(dtype, other, rows, cols)), 0)
			})
		}
	}
}

// applyAll calls every op of the package on values.
func applyAll(t *testing.T, x, y *tensor.Dense) [][]float64 {
	t.Helper()
	g := G.NewGraph()
	w := inputOf(g, "w", dense(x.Dtype(), []float64{1, 2, 3}, 3))
	p, _, err := newPlan(divergence{}, zeros(g, "x", x.Dtype(), 3, 4), zeros(g, "y", x.Dtype(), 3, 4),
		[]Option{WithFromLogits(false), WithReduction(ReductionNone), WithSampleWeight(w)})
	if err != nil {
		t.Fatal(err)
	}
	var results [][]float64
	apply := func(op G.Op, values ...G.Value) {
		out, err := op.Do(values...)
		if err != nil {
			t.Fatalf("%v: %v", op, err)
		}
		for _, v := range values {
			if v.Uintptr() == out.Uintptr() {
				t.Errorf("%v returns an input", op)
			}
		}
		if d := out.(*tensor.Dense); d.RequiresIterator() || !slices.Equal(d.Strides(), []int{4, 1}) {
			t.Errorf("%v returns strides %v", op, d.Strides())
		}
		results = append(results, numbers(t, out))
	}
	apply(newLossOp(p), x, y, w.Value())
	for _, wrt := range []kernel.Side{kernel.Pred, kernel.Target} {
		apply(newVJPOp(p, wrt, false), x, y, w.Value(), y)
		apply(newJVPOp(p, wrt), x, y, w.Value(), x)
		apply(newHVPOp(p, wrt, kernel.Pred), x, y, w.Value(), y, x)
		apply(newHVPOp(p, wrt, kernel.Target), x, y, w.Value(), y, x)
	}
	for _, logarithm := range []bool{false, true} {
		s := softmaxPlan{"Softmax", x.Dtype(), x.Shape(), 0, logarithm}
		apply(newSoftmaxOp(s), x)
		apply(newSoftmaxVJPOp(s), y, x)
		apply(newSoftmaxCurvatureOp(s), y, x, y)
		apply(newLogSoftmaxJVPOp(s), y, x)
	}
	sum, err := signLike(g.ByName("x")[0], "Sum", x.Shape(), 2, true)
	if err != nil {
		t.Fatal(err)
	}
	apply(sumOp{sum}, x, y)
	return results
}

// TestConcurrentMachines runs two graphs at once; -race watches.
func TestConcurrentMachines(t *testing.T) {
	c := goldenCases(t)[40]
	type graph struct {
		vm    G.VM
		value *G.Value
	}
	graphs := make([]graph, 2)
	for i := range graphs { // building graphs at once races inside Gorgonia
		pred, target, loss := c.build(t, tensor.Float64)
		mustAll(t)(G.Grad(scalarCost(t, loss), pred, target))
		graphs[i].value = new(G.Value)
		G.Read(loss, graphs[i].value)
		graphs[i].vm = G.NewTapeMachine(pred.Graph())
	}
	var wait sync.WaitGroup
	for _, graph := range graphs {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for range 200 {
				if err := graph.vm.RunAll(); err != nil {
					t.Error(err)
					return
				}
				graph.vm.Reset()
			}
		}()
	}
	wait.Wait()
	for _, graph := range graphs {
		assertClose(t, "loss", numbers(t, *graph.value), c.Out, 1e-10)
		graph.vm.Close()
	}
}
