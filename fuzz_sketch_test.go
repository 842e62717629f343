package kldivloss

import (
	"fmt"
	"math/rand/v2"
	"slices"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// sketch is a random graph around losses, built from a fuzzer's bytes. Its numbers stay in a
// range in which central differences of the cost mean something.
type sketch struct {
	choices
	r             *rand.Rand // for numbers that the graph does not depend on
	g             *G.ExprGraph
	rows, classes int
	views         bool
	pool          G.Nodes // of shape (rows, classes), no number far above 3
	constants     int     // so far, for their names
}

// newSketch reads the shapes, and draws the inputs x, w, b and y. Reshapes are views, which
// gorgonia.Grad's in-place arithmetic overwrites and Grad goes around (settled).
func newSketch(data []byte, views bool) function {
	s := sketch{choices: choices(data)}
	rows, hidden, classes := 1+s.of(3), 1+s.of(3), 2*(1+s.of(5))
	r := rand.New(rand.NewPCG(uint64(s.next()), 1))
	f := function{shapes: [][]int{{rows, hidden}, {hidden, classes}, {1, classes}, {rows, classes}}}
	for _, shape := range f.shapes {
		x := make([]float64, volume(shape))
		for i := range x {
			x[i] = 2*r.Float64() - 1
		}
		f.point = append(f.point, x)
	}
	rest := s.choices
	f.build = func(in G.Nodes) (*G.Node, error) {
		s := sketch{choices: rest, views: views, r: rand.New(rand.NewPCG(2, 3)), g: in[0].Graph(), rows: rows, classes: classes}
		return s.cost(in)
	}
	return f
}

// cost is the sum of one loss or two, and of what makes it depend on every input.
func (s *sketch) cost(in G.Nodes) (*G.Node, error) {
	layer := G.Must(G.BroadcastAdd(G.Must(G.Mul(in[0], in[1])), in[2], nil, []byte{0}))
	s.pool = G.Nodes{tanh(layer), in[3]}
	for range s.of(3) {
		s.pool = append(s.pool, s.layer())
	}
	cost := G.Must(G.Add(G.Must(G.Mean(G.Must(G.Square(layer)))), sumOver(G.Must(G.Cube(in[3])))))
	for range 1 + s.of(4)/3 {
		loss, err := s.loss()
		if err != nil {
			return nil, err
		}
		cost = G.Must(G.Add(cost, s.scalar(loss)))
	}
	return cost, nil
}

func (s *sketch) pick() *G.Node { return s.pool[len(s.pool)-1-s.of(len(s.pool))] }

// layer is a node made of those there are.
func (s *sketch) layer() *G.Node {
	x := s.pick()
	kinds := 8
	if s.views {
		kinds += 2
	}
	switch s.of(kinds) {
	case 0:
		unary := []func(*G.Node) (*G.Node, error){G.Tanh, G.Sigmoid, G.Sin, G.Cos, G.Neg, G.Softplus}
		return G.Must(unary[s.of(len(unary))](x))
	case 1:
		return tanh(G.Must(G.Add(x, s.pick())))
	case 2:
		return tanh(G.Must(G.Sub(x, s.pick())))
	case 3:
		return tanh(G.Must(G.HadamardProd(x, s.pick())))
	case 4:
		square := G.Must(G.Mul(G.Must(G.Transpose(x, 1, 0)), s.pick()))
		return tanh(G.Must(G.Mul(x, tanh(square))))
	case 5:
		return G.Must(Softmax(x, s.of(2)))
	case 6:
		return tanh(G.Must(LogSoftmax(x, s.of(2))))
	case 8:
		sum := reshape(sumOver(s.pick(), 0), 1, s.classes)
		return tanh(G.Must(G.BroadcastAdd(x, sum, nil, []byte{0})))
	case 9:
		return reshape(tanh(reshape(x, s.rows*s.classes)), s.rows, s.classes)
	}
	return G.Must(G.Mul(x, tanh(sumOver(s.pick()))))
}

// scalar makes a cost of a loss, not linearly in most cases.
func (s *sketch) scalar(loss *G.Node) *G.Node {
	if !loss.IsScalar() {
		upstream := s.constant(random(s.r, volume(loss.Shape())), loss.Shape()...)
		return sumOver(G.Must(G.HadamardProd(upstream, loss)))
	}
	switch s.of(3) {
	case 0:
		return tanh(loss)
	case 1:
		return G.Must(G.Square(tanh(loss)))
	}
	return loss
}

// constant is an input of no gradient.
func (s *sketch) constant(data []float64, shape ...int) *G.Node {
	s.constants++
	return input(s.g, fmt.Sprintf("constant %d", s.constants), tensor.Float64, data, shape...)
}

// zeroNowAndThen draws numbers of 0.5 to 1.5, or 1, and zeros.
func (s *sketch) zeroNowAndThen(ones bool, shape []int) *G.Node {
	x := make([]float64, volume(shape))
	for i := range x {
		switch {
		case s.r.IntN(4) == 0:
		case ones:
			x[i] = 1
		default:
			x[i] = 0.5 + s.r.Float64()
		}
	}
	return s.constant(x, shape...)
}

// side is a node in a form.
func (s *sketch) side(form Form, shape []int) *G.Node {
	n := s.pick()
	if form == Probs {
		if s.bool() {
			n = G.Must(G.Exp(n))
		} else {
			n = G.Must(Softmax(n, s.of(2)))
		}
	}
	if len(shape) > 2 {
		n = reshape(n, shape...)
	}
	return n
}

func (s *sketch) loss() (*G.Node, error) {
	shape := []int{s.rows, s.classes}
	if s.views && s.bool() {
		shape = []int{s.rows, s.classes / 2, 2}
	}
	kind := s.of(5)
	if kind >= 3 {
		opts := s.common(shape)
		mean, logvar := s.side(Logits, shape), s.side(Logits, shape)
		if kind == 3 {
			return GaussianKL(mean, logvar, opts...)
		}
		return GaussianKLFrom(mean, logvar, s.side(Logits, shape), s.side(Logits, shape), opts...)
	}
	predForm, targetForm := Form(s.of(3)), Form(s.of(3))
	opts := append(s.common(shape), WithPredForm(predForm), WithTargetForm(targetForm))
	pred, target := s.side(predForm, shape), s.side(targetForm, shape)
	if s.of(4) == 0 { // else differences would see what the gradient leaves out
		target = s.constant(inForm(s.r, targetForm, volume(shape)), shape...)
		opts = append(opts, WithTargetGrad(s.bool()))
	}
	if predForm != Probs && targetForm != Probs && s.bool() {
		opts = append(opts, WithTemperature([]float64{0.5, 2}[s.of(2)], s.bool()))
	}
	switch kind {
	case 0:
		if targetForm == Probs && s.bool() {
			opts = append(opts, WithEpsilon(0.1))
		}
		return KLDivLoss(pred, target, opts...)
	case 1:
		return JSDivLoss(pred, target, []float64{0, 0.1, 0.5, 1}[s.of(4)], opts...)
	}
	return SymmetricKL(pred, target, opts...)
}

// common are the options that every loss takes.
func (s *sketch) common(shape []int) []Option {
	axis := s.of(len(shape))
	batchAxis := (axis + 1 + s.of(len(shape)-1)) % len(shape)
	reduction := append(slices.Clone(reductions), ReductionWeightedMean)[s.of(len(reductions)+1)]
	opts := []Option{WithAxis(axis), WithBatchAxis(batchAxis), WithReduction(reduction), WithWeight([]float64{1, -0.5, 2}[s.of(3)])}
	along := slices.Clone(shape) // of a weight
	along[axis] = 1
	switch s.of(4) {
	case 1:
		opts = append(opts, WithSampleWeight(s.zeroNowAndThen(false, along)))
	case 2:
		opts = append(opts, WithSampleWeight(s.zeroNowAndThen(false, shape[batchAxis:batchAxis+1])))
	case 3:
		opts = append(opts, WithMask(s.zeroNowAndThen(true, slices.Delete(along, axis, axis+1))))
	}
	return opts
}
