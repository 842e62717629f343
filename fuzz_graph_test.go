package kldivloss

import (
	"math/rand/v2"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// randomGraph is a model that a fuzzer's bytes say: ops of Gorgonia's in front of a loss
// and behind it.
type randomGraph struct {
	choices
	samples, classes int
	inputs           G.Nodes // samples × classes, then matrices of classes × classes
	nodes            G.Nodes // samples × classes, of which the next is made
}

const graphMatrices = 2

// shapesOf are those of the inputs.
func shapesOf(samples, classes int) (shapes [][]int) {
	shapes = append(shapes, []int{samples, classes}, []int{samples, classes})
	for range graphMatrices {
		shapes = append(shapes, []int{classes, classes})
	}
	return shapes
}

// operand is one of the nodes so far, the last as often as all others.
func (r *randomGraph) operand() *G.Node {
	if r.bool() {
		return r.nodes[len(r.nodes)-1]
	}
	return r.nodes[r.of(len(r.nodes))]
}

// grow adds a node of the same shape.
func (r *randomGraph) grow() error {
	var made *G.Node
	var err error
	switch a := r.operand(); r.of(8) {
	case 0, 1:
		made, err = G.Tanh(a)
	case 2, 3:
		made, err = G.Mul(a, r.inputs[2+r.of(graphMatrices)])
	case 4:
		made, err = G.Add(a, r.operand())
	case 5:
		made, err = G.Sub(a, r.operand())
	case 6:
		made, err = G.HadamardProd(a, G.Must(G.Tanh(r.operand())))
	case 7:
		along := r.of(2)
		if made, err = G.Sum(a, along); err == nil {
			made, err = G.BroadcastAdd(a, made, nil, []byte{byte(along)})
		}
	}
	r.nodes = append(r.nodes, made)
	return err
}

// side is a node in a form.
func (r *randomGraph) side() (*G.Node, Form, error) {
	n, form := G.Must(G.Tanh(r.operand())), Form(r.of(3)) // bounded, as differences want it
	var err error
	switch form {
	case Probs:
		n, err = Softmax(n, 1)
	case LogProbs:
		n, err = LogSoftmax(n, 1)
	}
	return n, form, err
}

// loss adds one with options.
func (r *randomGraph) loss() (*G.Node, error) {
	pred, predForm, err := r.side()
	if err != nil {
		return nil, err
	}
	target, targetForm, err := r.side()
	if err != nil {
		return nil, err
	}
	reduction := append(reductions, ReductionWeightedMean)[r.of(len(reductions)+1)]
	opts := []Option{WithReduction(reduction), WithWeight([]float64{1, -0.5, 3}[r.of(3)]), WithChecks(r.bool())}
	g := r.inputs[0].Graph()
	if r.bool() {
		weights := make([]float64, r.samples)
		for i := range weights {
			weights[i] = float64(r.of(3)) + 0.5
		}
		opts = append(opts, WithSampleWeight(input(g, "sample weight", tensor.Float64, weights, r.samples)))
	}
	if r.bool() {
		mask := make([]float64, r.samples)
		for i := range mask {
			mask[i] = float64(r.of(2))
		}
		mask[0] = 1
		opts = append(opts, WithMask(input(g, "mask", tensor.Float64, mask, r.samples)))
	}
	function := r.of(4)
	if function != 3 {
		opts = append(opts, WithPredForm(predForm), WithTargetForm(targetForm))
		if r.bool() && predForm != Probs && targetForm != Probs {
			opts = append(opts, WithTemperature([]float64{0.5, 2}[r.of(2)], r.bool()))
		}
	}
	switch function {
	case 1:
		return JSDivLoss(pred, target, []float64{0, 0.25, 0.5, 1}[r.of(4)], opts...)
	case 2:
		return SymmetricKL(pred, target, opts...)
	case 3:
		return GaussianKL(pred, target, opts...)
	}
	return KLDivLoss(pred, target, opts...)
}

// cost sums the loss, bent if it is no scalar, and a share of some node.
func (r *randomGraph) cost() (*G.Node, error) {
	for range r.of(8) {
		if err := r.grow(); err != nil {
			return nil, err
		}
	}
	cost, err := r.loss()
	if err != nil {
		return nil, err
	}
	if !cost.IsScalar() {
		if r.bool() {
			cost = G.Must(G.Tanh(cost))
		}
		cost = G.Must(G.Sum(cost))
	}
	// Every input is to matter: Grad refuses one that the cost does not depend on.
	all := G.Must(G.Sum(G.Must(G.Tanh(r.operand()))))
	for _, n := range r.inputs {
		all = G.Must(G.Add(all, G.Must(G.Sum(G.Must(G.Square(n))))))
	}
	return G.Add(cost, all)
}

// newFunction is the graph's cost as a function of its inputs.
func newFunction(data []byte) function {
	c := choices(data)
	samples, classes, seed := 1+c.of(3), 1+c.of(4), uint64(c.next())
	f := function{shapes: shapesOf(samples, classes)}
	numbers := rand.New(rand.NewPCG(seed, 0))
	for _, shape := range f.shapes {
		f.point = append(f.point, random(numbers, volume(shape)))
	}
	rest := c
	f.build = func(inputs G.Nodes) (*G.Node, error) {
		r := &randomGraph{choices: rest, samples: samples, classes: classes, inputs: inputs, nodes: inputs[:2:2]}
		return r.cost()
	}
	return f
}

// FuzzGraph holds Grad and HessianVectorProduct to central differences, and gorgonia.Grad
// to Grad, in graphs of MatMul, Tanh, sums and the like around a loss.
func FuzzGraph(f *testing.F) {
	for seed := range uint64(24) {
		data := make([]byte, 64)
		numbers := rand.New(rand.NewPCG(seed, 1))
		for i := range data {
			data[i] = byte(numbers.Uint32())
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		f := newFunction(data)
		numbers := rand.New(rand.NewPCG(uint64(len(data)), 2))
		direction := make([][]float64, len(f.point))
		for i, x := range f.point {
			direction[i] = random(numbers, len(x))
		}
		if err := f.checkAlong(direction, 1e-6); err != nil {
			t.Error(err)
		}
	})
}

// checkAlong holds Grad and HessianVectorProduct to central differences along one
// direction, and gorgonia.Grad to Grad, on three graphs.
func (f function) checkAlong(direction [][]float64, tolerance float64) error {
	at, err := f.compile(func(cost *G.Node, inputs G.Nodes) (G.Nodes, error) {
		grads, err := Grad(cost, inputs...)
		return append(G.Nodes{cost}, grads...), err
	})
	if err != nil {
		return err
	}
	var costs [3]float64
	var grads [3][][]float64
	for i, by := range []float64{-step, 0, step} {
		results, err := at(along(f.point, direction, by))
		if err != nil {
			return err
		}
		costs[i], grads[i] = results[0][0], results[1:]
	}
	slope, product := 0.0, make([][]float64, len(direction))
	for i, d := range direction {
		for j := range d {
			slope += grads[1][i][j] * d[j]
			product[i] = append(product[i], (grads[2][i][j]-grads[0][i][j])/(2*step))
		}
	}
	if err := compare("slope", [][]float64{{slope}}, [][]float64{{(costs[2] - costs[0]) / (2 * step)}}, tolerance); err != nil {
		return err
	}
	for what, other := range map[string]struct {
		want  [][]float64
		build func(cost *G.Node, inputs G.Nodes) (G.Nodes, error)
	}{
		"gorgonia.Grad":          {grads[1], func(cost *G.Node, inputs G.Nodes) (G.Nodes, error) { return G.Grad(cost, inputs...) }},
		"Hessian-vector product": {product, f.hvp(direction)},
	} {
		at, err := f.compile(other.build)
		if err != nil {
			return err
		}
		got, err := at(f.point)
		if err != nil {
			return err
		}
		if err := compare(what, got, other.want, tolerance); err != nil {
			return err
		}
	}
	return nil
}
