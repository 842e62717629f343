package kldivloss

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// That SoftMax and LogSoftMax of one x hash alike, and become the node that was built
// first, is in TestComposedDivergence; that neither is differentiable twice in
// TestGradRefuses.

// TestTrapLogOverwritesSoftMax: Log(SoftMax(x)) mutates the softmax (issue 569).
func TestTrapLogOverwritesSoftMax(t *testing.T) {
	x := []float64{1, 2, 4}
	want := softened(x, 1)
	run := func(softmax func(*G.Node) *G.Node) [][]float64 {
		s := softmax(input(G.NewGraph(), "x", tensor.Float64, x, 1, 3))
		return once(t, s, G.Must(G.Log(s)))
	}
	theirs := run(func(n *G.Node) *G.Node { return G.Must(G.SoftMax(n)) })
	stillBites(t, same(theirs[0], theirs[1]) && !same(theirs[0], want), "Log(SoftMax(x)) leaves the softmax alone")
	ours := run(func(n *G.Node) *G.Node { return must(t)(Softmax(n, -1)) })
	assertClose(t, "our Softmax", ours[0], want, 1e-15)
	for i := range want {
		want[i] = math.Log(want[i])
	}
	assertClose(t, "its logarithm", ours[1], want, 1e-14)
	logs := once(t, must(t)(LogSoftmax(input(G.NewGraph(), "x", tensor.Float64, x, 1, 3), -1)))
	assertClose(t, "our LogSoftmax", logs[0], want, 1e-14)
}

// TestTrapSoftMaxOfViews: SoftMax and LogSoftMax are wrong on transposed views, column
// slices and column-major input.
func TestTrapSoftMaxOfViews(t *testing.T) {
	const rows, cols = 3, 4
	data := random(rand.New(rand.NewPCG(61, 62)), rows*cols)
	soft := softened(data[:cols], 1)
	for from := cols; from < len(data); from += cols {
		soft = append(soft, softened(data[from:from+cols], 1)...)
	}
	logSoft := make([]float64, len(soft))
	for i, p := range soft {
		logSoft[i] = math.Log(p)
	}
	for _, c := range []struct {
		name         string
		theirs, ours func(*G.Node) (*G.Node, error)
		want         []float64
	}{
		{"SoftMax", func(x *G.Node) (*G.Node, error) { return G.SoftMax(x) }, func(x *G.Node) (*G.Node, error) { return Softmax(x, -1) }, soft},
		{"LogSoftMax", func(x *G.Node) (*G.Node, error) { return G.LogSoftMax(x) }, func(x *G.Node) (*G.Node, error) { return LogSoftmax(x, -1) }, logSoft},
	} {
		for name := range layouts(t, tensor.Float64, data, rows, cols) {
			run := func(softmax func(*G.Node) (*G.Node, error)) []float64 {
				x := inputOf(G.NewGraph(), "x", layouts(t, tensor.Float64, data, rows, cols)[name])
				return once(t, must(t)(softmax(x)))[0]
			}
			if wrong := []string{"transposed", "column slice", "column-major"}; slices.Contains(wrong, name) {
				stillBites(t, !same(run(c.theirs), c.want), c.name+" of a "+name+" matrix is right")
			} else {
				assertClose(t, "gorgonia."+c.name+" "+name, run(c.theirs), c.want, 1e-14)
			}
			assertClose(t, "our "+c.name+" "+name, run(c.ours), c.want, 1e-14)
		}
	}
}

// TestTrapGradientOfSoftMaxOfAColumn: without an explicit axis, (n, 1) is differentiated
// along the wrong one.
func TestTrapGradientOfSoftMaxOfAColumn(t *testing.T) {
	x := []float64{1, 2, 4}
	q := softened(x, 1)
	norm := 0.0
	for _, qi := range q {
		norm += qi * qi
	}
	want := make([]float64, len(q)) // of Σ qᵢ²
	for i, qi := range q {
		want[i] = 2 * qi * (qi - norm)
	}
	run := func(softmax func(*G.Node) (*G.Node, error)) []float64 {
		n := input(G.NewGraph(), "x", tensor.Float64, x, 3, 1)
		cost := sumOver(G.Must(G.Square(must(t)(softmax(n)))))
		return once(t, mustAll(t)(G.Grad(cost, n))[0])[0]
	}
	theirs := run(func(n *G.Node) (*G.Node, error) { return G.SoftMax(n) })
	stillBites(t, !same(theirs, want), "the gradient of SoftMax of a column is right without an axis")
	assertClose(t, "with an axis", run(func(n *G.Node) (*G.Node, error) { return G.SoftMax(n, 0) }), want, 1e-14)
	assertClose(t, "ours", run(func(n *G.Node) (*G.Node, error) { return Softmax(n, 0) }), want, 1e-14)
}

// TestTrapSoftMaxOfLargeSpreads: tensor takes one maximum for the whole tensor, not for a
// row, and gives NaN for rows far below it.
func TestTrapSoftMaxOfLargeSpreads(t *testing.T) {
	x := []float64{0, 0, 0, -1200, -1201, -1203}
	want := append(softened(x[:3], 1), softened(x[3:], 1)...)
	build := func() *G.Node { return input(G.NewGraph(), "x", tensor.Float64, x, 2, 3) }
	theirs := once(t, G.Must(G.SoftMax(build())))[0]
	stillBites(t, math.IsNaN(theirs[3]), "SoftMax of rows far apart is no NaN")
	assertClose(t, "ours", once(t, must(t)(Softmax(build(), -1)))[0], want, 1e-15)
}

// TestTrapSoftMaxOnLispMachine: the second step of a LispMachine is wrong.
func TestTrapSoftMaxOnLispMachine(t *testing.T) {
	x, weights := []float64{1, 2, 4, 0, 1, -1}, []float64{1, 5, 2, 3, 1, 2}
	steps := func(softmax func(*G.Node) (*G.Node, error)) (first, second []float64) {
		g := G.NewGraph()
		n := input(g, "x", tensor.Float64, x, 2, 3)
		w := input(g, "w", tensor.Float64, weights, 2, 3)
		cost := sumOver(G.Must(G.HadamardProd(w, must(t)(softmax(n)))))
		first = runLisp(t, cost, n)[0]
		for _, n := range g.AllNodes() {
			if grad, err := n.Grad(); err == nil && grad != nil {
				if d, ok := grad.(*tensor.Dense); ok {
					d.Zero()
				}
			}
		}
		return first, runLisp(t, cost, n)[0]
	}
	var want []float64 // qᵢ (wᵢ − ⟨q, w⟩)
	for _, row := range [][2][]float64{{x[:3], weights[:3]}, {x[3:], weights[3:]}} {
		q, mean := softened(row[0], 1), 0.0
		for i, w := range row[1] {
			mean += q[i] * w
		}
		for i, w := range row[1] {
			want = append(want, q[i]*(w-mean))
		}
	}
	first, second := steps(func(n *G.Node) (*G.Node, error) { return G.SoftMax(n) })
	assertClose(t, "Gorgonia's first step", first, want, 1e-14)
	stillBites(t, !same(second, want), "the second step of SoftMax on a LispMachine is right")
	first, second = steps(func(n *G.Node) (*G.Node, error) { return Softmax(n, -1) })
	assertClose(t, "our first step", first, want, 1e-14)
	assertClose(t, "our second step", second, want, 1e-14)
}

// TestTrapComposedDivergenceAtZero: t·(log t − log q) composed of primitives is NaN at
// t = 0.
func TestTrapComposedDivergenceAtZero(t *testing.T) {
	g := G.NewGraph()
	logq := input(g, "log q", tensor.Float64, []float64{math.Log(0.25), math.Log(0.75)}, 1, 2)
	p := input(g, "p", tensor.Float64, []float64{0, 1}, 1, 2)
	composed := sumOver(G.Must(G.HadamardProd(p, G.Must(G.Sub(G.Must(G.Log(p)), logq)))))
	ours := must(t)(KLDivLoss(logq, p, WithReduction(ReductionSum)))
	got := once(t, composed, ours)
	stillBites(t, math.IsNaN(got[0][0]), "t·log t at 0 is no NaN")
	assertClose(t, "ours", got[1], []float64{-math.Log(0.75)}, 1e-15)
}
