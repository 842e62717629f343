package kldivloss

import (
	"fmt"
	"hash"
	"slices"
	"strings"
	"testing"

	"github.com/chewxy/hm"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestTrapHashOfSlice: Slice's hash keeps one byte of its bounds, so that x[0:10] and
// x[256:266] are one node.
func TestTrapHashOfSlice(t *testing.T) {
	data := make([]float64, 300)
	for i := range data {
		data[i] = float64(i)
	}
	x := input(G.NewGraph(), "x", tensor.Float64, data, 300)
	first := G.Must(G.Slice(x, G.S(0, 10)))
	stillBites(t, G.Must(G.Slice(x, G.S(256, 266))) == first, "x[0:10] and x[256:266] are two nodes")
	inTwoSteps := G.Must(G.Slice(G.Must(G.Slice(x, G.S(200, 300))), G.S(56, 66)))
	got := once(t, G.Must(G.Square(first)), G.Must(G.Square(inTwoSteps)))
	for i := range 10 {
		x := float64(i)
		assertClose(t, "both slices squared", []float64{got[0][i], got[1][i]}, []float64{x * x, (256 + x) * (256 + x)}, 0)
	}
}

// TestTrapUnnamedInputs: inputs of one shape without a name are one node, and a
// divergence of the two is 0.
func TestTrapUnnamedInputs(t *testing.T) {
	build := func(names ...string) (p, q *G.Node) {
		g := G.NewGraph()
		nodes := make(G.Nodes, 2)
		for i := range nodes {
			opts := []G.NodeConsOpt{G.WithShape(1, 2)}
			if names != nil {
				opts = append(opts, G.WithName(names[i]))
			}
			nodes[i] = G.NewMatrix(g, tensor.Float64, opts...)
		}
		return nodes[0], nodes[1]
	}
	p, q := build()
	stillBites(t, p == q, "unnamed inputs are two nodes")
	p, q = build("p", "q")
	if p == q {
		t.Fatal("named inputs are one node")
	}
	for n, x := range map[*G.Node][]float64{p: {0.5, 0.5}, q: {0.25, 0.75}} {
		if err := G.Let(n, dense(tensor.Float64, x, 1, 2)); err != nil {
			t.Fatal(err)
		}
	}
	loss := must(t)(KLDivLoss(p, q, WithPredForm(Probs), WithReduction(ReductionSum)))
	assertClose(t, "named", once(t, loss)[0], []float64{0.13081203594113694}, 1e-15)
}

// TestTrapHashCollision: a hash has 32 bits, and a TapeMachine takes nodes of one for one node.
// Both gradients notice it.
func TestTrapHashCollision(t *testing.T) {
	build := func(pred string) (x, y *G.Node) {
		g := G.NewGraph()
		return input(g, pred, tensor.Float64, []float64{1, 2}, 1, 2), input(g, "action pred target", tensor.Float64, []float64{3, 5}, 1, 2)
	}
	x, y := build("mean old scale")
	if x.Hashcode() != y.Hashcode() {
		t.Fatal("the names do not collide")
	}
	got := once(t, G.Must(G.HadamardProd(x, y)))[0]
	stillBites(t, got[0] != 3 || got[1] != 10, "inputs of one hash are two")

	loss := func(x, y *G.Node) *G.Node {
		return must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(Logits), WithReduction(ReductionSum)))
	}
	x, y = build("mean old scale")
	cost := loss(x, y)
	if _, err := Grad(cost, x); !errors.Is(err, ErrGraph) {
		t.Errorf("Grad gives %v, want %v", err, ErrGraph)
	}
	if _, err := G.Grad(cost, x); err == nil || !isCollision(err) {
		t.Errorf("gorgonia.Grad gives %v, want %v", err, ErrGraph)
	}
	if _, err := HessianVectorProduct(cost, G.Nodes{x}, G.Nodes{y}); !errors.Is(err, ErrGraph) {
		t.Errorf("HessianVectorProduct gives %v, want %v", err, ErrGraph)
	}
	x, y = build("another name")
	if _, err := Grad(loss(x, y), x); err != nil {
		t.Error(err)
	}
}

// isCollision reports whether hashes collide, as they do now and then, by what an error says: those
// of gorgonia.Grad hide their causes.
func isCollision(err error) bool { return strings.Contains(err.Error(), "the same hash") }

// TestTrapConstants: constants merge by their printed form, which leaves out the middle of
// large ones, and names do not help. A loss of such a constant is an error; inputs with
// names are two.
func TestTrapConstants(t *testing.T) {
	const classes = 20
	target := func(class int) *tensor.Dense {
		p := make([]float64, classes)
		p[class] = 1
		return dense(tensor.Float64, p, 1, classes)
	}
	logq := make([]float64, classes)
	logq[9], logq[10] = 1, 2
	x := input(G.NewGraph(), "x", tensor.Float64, logq, 1, classes)
	nine := G.NewConstant(target(9), G.WithName("nine"))
	ten := G.NewConstant(target(10), G.WithName("ten"))
	merged := G.Must(G.Add(x, nine)) == G.Must(G.Add(x, ten))
	stillBites(t, merged, "constants of one printed form are two nodes")

	loss := func(target *G.Node) (*G.Node, error) {
		return KLDivLoss(x, target, WithTargetGrad(false), WithReduction(ReductionSum))
	}
	if _, err := loss(ten); !errors.Is(err, ErrGraph) {
		t.Errorf("a constant taken for another gives %v, want %v", err, ErrGraph)
	}
	if _, err := GaussianKLFrom(x, x, nine, ten); !errors.Is(err, ErrGraph) {
		t.Errorf("a prior taken for another gives %v, want %v", err, ErrGraph)
	}
	losses := once(t,
		must(t)(loss(nine)),
		must(t)(loss(G.NewConstant(target(9)))), // equal numbers may merge
		must(t)(loss(inputOf(x.Graph(), "input ten", target(10)))))
	assertClose(t, "losses", slices.Concat(losses...), []float64{-1, -1, -2}, 0)
}

// TestTrapLetOfAnotherDtype: Let takes a float64 for a float32 scalar, and a number for a
// tensor; RunAll fails.
func TestTrapLetOfAnotherDtype(t *testing.T) {
	run := func(v interface{}) ([][]float64, error) {
		g := G.NewGraph()
		scale := G.NewScalar(g, tensor.Float32, G.WithName("scale"))
		if err := G.Let(scale, v); err != nil {
			return nil, err
		}
		x := input(g, "x", tensor.Float32, []float64{1, 2}, 1, 2)
		return runOnce(t, G.Must(G.Mul(sumOver(x), scale)))
	}
	_, err := run(2.5)
	stillBites(t, err != nil && strings.Contains(err.Error(), "Type Mismatch"), "Let refuses a float64 for a float32 scalar")
	got, err := run(float32(2.5))
	if err != nil {
		t.Fatal(err)
	}
	assertClose(t, "a float32", got[0], []float64{7.5}, 0)
}

// TestTrapTensorWithoutDimensions: where a scalar is wanted, a tensor without dimensions
// fails in the next op. Our losses are scalars of Gorgonia's.
func TestTrapTensorWithoutDimensions(t *testing.T) {
	run := func(v interface{}) ([][]float64, error) {
		g := G.NewGraph()
		x := G.NewScalar(g, tensor.Float64, G.WithName("x"))
		y := G.NewScalar(g, tensor.Float64, G.WithName("y"), G.WithValue(3.0))
		if err := G.Let(x, v); err != nil {
			return nil, err
		}
		return runOnce(t, G.Must(G.Add(x, y)))
	}
	_, err := run(tensor.New(tensor.WithShape(), tensor.WithBacking([]float64{4})))
	stillBites(t, err != nil && strings.Contains(err.Error(), "Type Mismatch"), "a tensor without dimensions is a scalar")
	got, err := run(4.0)
	if err != nil {
		t.Fatal(err)
	}
	assertClose(t, "a number", got[0], []float64{7}, 0)
	for _, dtype := range dtypes {
		g := G.NewGraph()
		x := input(g, "x", dtype, []float64{0, 0}, 1, 2)
		loss := must(t)(KLDivLoss(x, input(g, "y", dtype, []float64{0.5, 0.5}, 1, 2), WithReduction(ReductionSum)))
		var v G.Value
		G.Read(loss, &v)
		once(t, loss)
		if _, ok := v.(G.Scalar); !ok {
			t.Errorf("%v: a loss is a %T", dtype, v)
		}
	}
}

// constantOp is an op of somebody else's whose DiffWRT is empty.
type constantOp struct{}

func (constantOp) Arity() int            { return 1 }
func (constantOp) Type() hm.Type         { return hm.NewFnType(hm.TypeVariable('a'), hm.TypeVariable('a')) }
func (constantOp) ReturnsPtr() bool      { return false }
func (constantOp) CallsExtern() bool     { return false }
func (constantOp) OverwritesInput() int  { return -1 }
func (constantOp) WriteHash(h hash.Hash) { fmt.Fprint(h, "constantOp") }
func (constantOp) Hashcode() uint32      { return 4711 }
func (constantOp) String() string        { return "constantOp" }
func (constantOp) DiffWRT(int) []bool    { return nil }
func (constantOp) InferShape(in ...G.DimSizer) (tensor.Shape, error) {
	return in[0].(tensor.Shape), nil
}
func (constantOp) Do(in ...G.Value) (G.Value, error) { return G.CloneValue(in[0]) }
func (constantOp) SymDiff(in G.Nodes, _, _ *G.Node) (G.Nodes, error) {
	return make(G.Nodes, len(in)), nil
}

// TestTrapEmptyDiffWRT: an op whose DiffWRT is empty makes gorgonia.Grad panic.
func TestTrapEmptyDiffWRT(t *testing.T) {
	build := func() (x, cost *G.Node) {
		x = input(G.NewGraph(), "x", tensor.Float64, []float64{1, 2}, 1, 2)
		return x, sumOver(G.Must(G.HadamardProd(G.Must(G.ApplyOp(constantOp{}, x)), x)))
	}
	panics := func() (panics bool) {
		defer func() { panics = recover() != nil }()
		x, cost := build()
		if _, err := G.Grad(cost, x); err != nil {
			t.Log(err)
		}
		return false
	}
	stillBites(t, panics(), "gorgonia.Grad through an op whose DiffWRT is empty")
	x, cost := build()
	assertClose(t, "our Grad", once(t, mustAll(t)(Grad(cost, x))[0])[0], []float64{1, 2}, 0)
}
