package kldivloss

import (
	"sync/atomic"

	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Gradients are written ahead, with the statistics, while each row is in the cache: what then
// reads pred and target again is left out. They have to be known when the loss is, and are
// where it is a term of the cost with factor 1: the upstream gradient is the constant 1. Where
// all are, nobody else reads the statistics, and the loss is written ahead in their place.

// foreseen is what is known of a loss's gradients before it is computed. It is set where they
// are asked for, never while a graph runs, and changes where they and the loss are computed, not
// a bit of them.
type foreseen struct {
	asked atomic.Bool    // for a gradient that reads the statistics
	ahead [2]atomic.Bool // by side: the gradient is written ahead
}

// sides are those whose gradients are written ahead.
//
// What it costs: gorgonia.Grad does not say which sides it needs, so that both are foreseen
// unless WithTargetGrad(false) is given. A machine of the whole graph computes both in any
// case. One of a part of it that leaves a gradient out, a forward pass of a differentiated
// graph for example, computes that too, and holds it until its next run.
func (f *foreseen) sides() (sides []kernel.Side) {
	for side := range f.ahead {
		if f.ahead[side].Load() {
			sides = append(sides, kernel.Side(side))
		}
	}
	return sides
}

// foreseenOf is what is foreseen of a loss with these inputs, nil without statistics.
func foreseenOf(inputs G.Nodes) *foreseen {
	if op, ok := inputs[len(inputs)-1].Op().(statisticsOp); ok {
		return op.foreseen
	}
	return nil
}

// ask notes that a gradient is.
func (f *foreseen) ask() {
	if f != nil {
		f.asked.Store(true)
	}
}

// foresee notes that the loss's gradient with respect to an input is asked for.
func (op lossOp) foresee(input int, inputs G.Nodes, grad *G.Node) {
	f := foreseenOf(inputs)
	if f == nil {
		return
	}
	if _, copied := grad.Op().(copyOp); copied { // see settled
		grad = childrenOf(grad)[0]
	}
	if v, constant := constantOf(grad); constant && isOne(v) {
		f.ahead[input].Store(true)
	} else {
		f.ask()
	}
}

func isOne(v G.Value) bool {
	switch x := v.Data().(type) {
	case float64:
		return x == 1
	case float32:
		return x == 1
	}
	return false
}

// ahead is the value of a statisticsOp with what was written ahead, each until its op takes
// it: the result of an op is nobody else's.
type ahead struct {
	*tensor.Dense
	loss      G.Value // nil beside statistics
	gradients [2]G.Value
}

// set notes what was written.
func (a *ahead) set(loss G.Value, sides []kernel.Side, gradients []G.Value) {
	a.loss = loss
	for i, side := range sides {
		a.gradients[side] = gradients[i]
	}
}

func withoutAhead(v G.Value) G.Value {
	if a, ok := v.(*ahead); ok {
		return a.Dense
	}
	return v
}

// takeAhead returns the loss that was written in place of the statistics, nil if there is none.
func (op lossOp) takeAhead(inputs []G.Value) (loss G.Value) {
	if len(inputs) == 0 {
		return nil
	}
	if a, ok := inputs[len(inputs)-1].(*ahead); ok {
		loss, a.loss = a.loss, nil
	}
	return loss
}

// takeAhead returns the gradient that was written with the statistics, nil if there is none
// or the upstream gradient is not what was foreseen.
func (op vjpOp) takeAhead(inputs []G.Value) (gradient G.Value, err error) {
	defer op.recovered(&err)
	if len(inputs) < 2 {
		return nil, nil
	}
	a, ok := inputs[len(inputs)-2].(*ahead)
	if upstream := inputs[len(inputs)-1]; !ok || isNil(upstream) || !isOne(upstream) {
		return nil, nil
	}
	gradient, a.gradients[op.wrt] = a.gradients[op.wrt], nil
	return gradient, nil
}
