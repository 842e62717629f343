package kldivloss

import (
	"fmt"
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// choices reads a fuzzer's bytes, zeros after the last.
type choices []byte

func (c *choices) next() byte {
	if len(*c) == 0 {
		return 0
	}
	b := (*c)[0]
	*c = (*c)[1:]
	return b
}

// of returns one of n.
func (c *choices) of(n int) int { return int(c.next()) % n }

func (c *choices) bool() bool { return c.next()%2 == 1 }

func (c *choices) shape() []int {
	shape := make([]int, c.of(5))
	for i := range shape {
		shape[i] = c.of(5)
	}
	return shape
}

func (c *choices) number() float64 {
	special := []float64{0, 1, 0.5, -1, 1e-12, 2, math.NaN(), math.Inf(1), math.Inf(-1), 1e300}
	return special[c.of(len(special))]
}

func (c *choices) dtype() tensor.Dtype {
	return []tensor.Dtype{tensor.Float64, tensor.Float32, tensor.Int}[c.of(3)]
}

// node is nil now and then, or a scalar.
func (c *choices) node(g *G.ExprGraph, name string, dtype tensor.Dtype, shape []int) *G.Node {
	switch kind := c.of(16); {
	case kind == 15:
		return nil
	case kind == 14:
		dtype = c.dtype()
	case kind == 13:
		shape = c.shape()
	case kind == 12:
		g = G.NewGraph()
	case kind == 11 && len(shape) > 0 && dtype != tensor.Int && slices.Min(shape) > 0:
		return G.NewConstant(dense(dtype, make([]float64, volume(shape)), shape...), G.WithName(name))
	}
	if len(shape) == 0 {
		return G.NewScalar(g, dtype, G.WithName(name))
	}
	return G.NewTensor(g, dtype, len(shape), G.WithShape(shape...), G.WithName(name))
}

func (c *choices) options(g *G.ExprGraph, dtype tensor.Dtype, shape []int) (opts []Option, reduction Reduction, axis, batchAxis int) {
	axis, batchAxis = -1, 0
	for range c.of(6) {
		switch c.of(12) {
		case 0:
			opts = append(opts, WithPredForm(Form(c.of(4))))
		case 1:
			opts = append(opts, WithTargetForm(Form(c.of(4))))
		case 2:
			axis = c.of(11) - 5
			opts = append(opts, WithAxis(axis))
		case 3:
			batchAxis = c.of(11) - 5
			opts = append(opts, WithBatchAxis(batchAxis))
		case 4:
			opts = append(opts, WithWeight(c.number()))
		case 5:
			opts = append(opts, WithEpsilon(c.number()))
		case 6:
			reduction = Reduction(c.of(10))
			opts = append(opts, WithReduction(reduction))
		case 7:
			opts = append(opts, WithTargetGrad(c.bool()))
		case 8:
			opts = append(opts, WithSampleWeight(c.node(g, "weight", dtype, c.shape())))
		case 9:
			opts = append(opts, WithMask(c.node(g, "mask", dtype, c.shape())))
		case 10:
			opts = append(opts, WithTemperature(c.number(), c.bool()))
		case 11:
			opts = append(opts, []Option{WithChecks(c.bool()), WithFromLogits(c.bool()), nil}[c.of(3)])
		}
	}
	return opts, reduction, axis, batchAxis
}

// FuzzBuild builds losses of any nodes with any options: it gives an error, or a node of
// the shape that the reduction says and, of a scalar, gradients and Hessian-vector products.
func FuzzBuild(f *testing.F) {
	f.Add([]byte{2, 3, 4})
	f.Add([]byte{0, 0, 2, 3, 4, 0, 0, 3, 6, 4, 2, 9})
	f.Add([]byte{1, 1, 3, 2, 3, 4, 0, 0, 5, 9, 0, 2, 2, 3, 6, 7, 10, 2, 1, 0, 2, 1, 2})
	f.Add([]byte{0, 2, 1, 4, 14, 2, 0, 2, 4, 5, 6, 6, 1, 2, 3})
	f.Add([]byte{4, 0, 2, 3, 4, 0, 0, 0, 0, 1, 6, 2})
	f.Add([]byte{5, 0, 2, 3, 4, 0, 0, 1})
	f.Add([]byte{6, 0, 2, 3, 4, 0, 0, 1})
	for _, data := range randomBytes(2000, 60) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := choices(data)
		g := G.NewGraph()
		function, dtype, shape := c.of(7), c.dtype(), c.shape()
		pred, target := c.node(g, "pred", dtype, shape), c.node(g, "target", dtype, shape)
		if function >= 5 {
			c.buildSoftmax(t, g, pred, function == 5)
			return
		}
		opts, reduction, axis, batchAxis := c.options(g, dtype, shape)
		if function >= 3 && reduction == ReductionPerSample {
			reduction = ReductionSum // the default of a Gaussian is another
			opts = append(opts, WithReduction(reduction))
		}
		wrt := G.Nodes{pred, target}
		var loss *G.Node
		var err error
		switch function {
		case 0:
			loss, err = KLDivLoss(pred, target, opts...)
		case 1:
			loss, err = JSDivLoss(pred, target, c.number(), opts...)
		case 2:
			loss, err = SymmetricKL(pred, target, opts...)
		case 3:
			loss, err = GaussianKL(pred, target, opts...)
		case 4:
			wrt = append(wrt, c.node(g, "prior mean", dtype, shape), c.node(g, "prior logvar", dtype, shape))
			loss, err = GaussianKLFrom(pred, target, wrt[2], wrt[3], opts...)
		}
		if !built(t, loss, err) {
			return
		}
		if want := reducedShape(pred.Shape(), reduction, axis, batchAxis); !slices.Equal(loss.Shape(), want) {
			t.Errorf("shape %v, want %v", loss.Shape(), want)
		}
		c.differentiate(t, g, loss, wrt)
	})
}

// built reports whether there is a node, which there is without an error and never with one.
func built(t *testing.T, n *G.Node, err error) bool {
	t.Helper()
	if (n == nil) != (err != nil) {
		t.Errorf("node %v and error %v, want one of the two", n, err)
	}
	return err == nil
}

func (c *choices) buildSoftmax(t *testing.T, g *G.ExprGraph, x *G.Node, logarithm bool) {
	apply := Softmax
	if logarithm {
		apply = LogSoftmax
	}
	y, err := apply(x, c.of(11)-5)
	if !built(t, y, err) {
		return
	}
	if !slices.Equal(y.Shape(), x.Shape()) {
		t.Errorf("shape %v, want %v", y.Shape(), x.Shape())
	}
	c.differentiate(t, g, G.Must(G.Sum(y)), G.Nodes{x})
}

// differentiate takes derivatives of a scalar cost with respect to pred, with both of the
// gradients, and of any cost with respect to any nodes, to which an error is right too.
func (c *choices) differentiate(t *testing.T, g *G.ExprGraph, cost *G.Node, wrt G.Nodes) {
	some := append(slices.Clone(wrt), c.node(g, "wrt", tensor.Float64, c.shape()))[c.of(len(wrt)+1):]
	v := make(G.Nodes, c.of(4))
	for i := range v {
		v[i] = c.node(g, fmt.Sprintf("v %d", i), c.dtype(), c.shape())
	}
	for _, cost := range (G.Nodes{cost, c.node(g, "cost", tensor.Float64, nil)}) {
		if grads, err := Grad(cost, some...); err == nil && len(grads) != len(some) {
			t.Errorf("%d gradients with respect to %d nodes", len(grads), len(some))
		}
		if products, err := HessianVectorProduct(cost, some, v); err == nil && len(products) != len(some) {
			t.Errorf("%d products with respect to %d nodes", len(products), len(some))
		}
	}
	if !cost.IsScalar() || wrt[0].Graph() != cost.Graph() {
		return
	}
	if _, err := HessianVectorProduct(cost, wrt[:1], wrt[:1]); err != nil {
		t.Errorf("Hessian-vector product: %v", err)
	}
	grads, err := Grad(cost, wrt[0])
	if err != nil {
		t.Errorf("gradient: %v", err)
	} else if !sameShape(grads[0], wrt[0]) {
		t.Errorf("gradient of shape %v, want %v", grads[0].Shape(), wrt[0].Shape())
	}
	if _, err := G.Grad(cost, wrt[0]); err != nil {
		t.Errorf("gorgonia.Grad: %v", err)
	}
}

func reducedShape(shape []int, reduction Reduction, axis, batchAxis int) []int {
	if axis < 0 {
		axis += len(shape)
	}
	if batchAxis < 0 {
		batchAxis += len(shape)
	}
	switch reduction {
	case ReductionPerSample:
		return []int{shape[batchAxis]}
	case ReductionNone:
		return shape
	case ReductionPerDistribution:
		return slices.Delete(slices.Clone(shape), axis, axis+1)
	}
	return []int{}
}
