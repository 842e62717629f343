package main

import (
	"github.com/kldivloss/kldivloss"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// evaluate computes the loss of one distribution, a batch of one.
func evaluate(of tensor.Dtype, pred, target []float64, opts ...kldivloss.Option) (float64, error) {
	g := G.NewGraph()
	loss, err := kldivloss.KLDivLoss(batchOfOne(g, "pred", of, pred), batchOfOne(g, "target", of, target), opts...)
	if err != nil {
		return 0, err
	}
	values, err := runGraph(loss)
	if err != nil {
		return 0, err
	}
	return values[0][0], nil
}

// derivatives returns the gradient of the true divergence with respect to the
// logits, and its Hessian times v.
func derivatives(logits, target, v []float64) (gradient, product []float64, err error) {
	g := G.NewGraph()
	pred := batchOfOne(g, "logits", tensor.Float64, logits)
	cost, err := kldivloss.KLDivLoss(pred, batchOfOne(g, "target", tensor.Float64, target),
		kldivloss.WithFromLogits(false), kldivloss.WithReduction(kldivloss.ReductionBatchMean))
	if err != nil {
		return nil, nil, err
	}
	grads, err := kldivloss.Grad(cost, pred)
	if err != nil {
		return nil, nil, err
	}
	products, err := kldivloss.HessianVectorProduct(cost, G.Nodes{pred}, G.Nodes{batchOfOne(g, "v", tensor.Float64, v)})
	if err != nil {
		return nil, nil, err
	}
	values, err := runGraph(grads[0], products[0])
	if err != nil {
		return nil, nil, err
	}
	return values[0], values[1], nil
}

// batchOfOne makes a named input of shape (1, classes).
func batchOfOne(g *G.ExprGraph, name string, of tensor.Dtype, x []float64) *G.Node {
	var backing interface{} = x
	if of == tensor.Float32 {
		backing = narrow(x)
	}
	batch := tensor.New(tensor.WithShape(1, len(x)), tensor.WithBacking(backing))
	return G.NodeFromAny(g, batch, G.WithName(name))
}

func narrow(x []float64) []float32 {
	narrowed := make([]float32, len(x))
	for i, v := range x {
		narrowed[i] = float32(v)
	}
	return narrowed
}

// runGraph runs the nodes' graph once and returns their values.
func runGraph(nodes ...*G.Node) ([][]float64, error) {
	read := make([]G.Value, len(nodes))
	for i, n := range nodes {
		G.Read(n, &read[i])
	}
	vm := G.NewTapeMachine(nodes[0].Graph())
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		return nil, err
	}
	values := make([][]float64, len(nodes))
	for i, v := range read {
		var err error
		if values[i], err = numbers(v); err != nil {
			return nil, errors.WithMessagef(err, "reading %v", nodes[i])
		}
	}
	return values, nil
}

// numbers returns the elements of a value; a scalar has one.
func numbers(v G.Value) ([]float64, error) {
	switch data := v.Data().(type) {
	case float64:
		return []float64{data}, nil
	case []float64:
		return data, nil
	case []float32:
		widened := make([]float64, len(data))
		for i, x := range data {
			widened[i] = float64(x)
		}
		return widened, nil
	default:
		return nil, errors.Errorf("a value of %T, expected float64 or []float32", data)
	}
}
