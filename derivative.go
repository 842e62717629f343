package kldivloss

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// derivative says how the gradient of an op with respect to one input is
// computed: by another op from wires, or, without an op, it is the wire itself.
type derivative struct {
	op    G.Op
	wires []wire
}

// wire names a value at hand when an op is differentiated: one of its inputs by
// its index, its output, or the gradient that flows into the output.
type wire int

const (
	output   wire = -1
	upstream wire = -2
)

// firstInputs wires the first n inputs, then more.
func firstInputs(n int, more ...wire) []wire {
	wires := make([]wire, n, n+len(more))
	for i := range wires {
		wires[i] = wire(i)
	}
	return append(wires, more...)
}

func connect[T any](wires []wire, inputs []T, out, grad T) []T {
	connected := make([]T, len(wires))
	for i, w := range wires {
		switch w {
		case output:
			connected[i] = out
		case upstream:
			connected[i] = grad
		default:
			connected[i] = inputs[w]
		}
	}
	return connected
}

// differentiable is an op of this package. Its symbolic and its automatic
// differentiation both follow from derivative, which is asked only for inputs
// that DiffWRT allows.
type differentiable interface {
	G.SDOp
	derivative(input int) (derivative, error)
}

// symDiff builds the wanted gradients and leaves the others nil. SymDiff of every
// op of this package calls it with all that DiffWRT allows, as Gorgonia does not
// say which it needs; Grad knows.
func symDiff(op differentiable, wanted []bool, inputs G.Nodes, out, grad *G.Node) (G.Nodes, error) {
	grads := make(G.Nodes, len(inputs))
	for i := range inputs {
		if !wanted[i] {
			continue
		}
		d, err := op.derivative(i)
		if err != nil {
			return nil, err
		}
		if loss, ok := op.(lossOp); ok {
			loss.foresee(i, inputs, grad)
		}
		wired := connect(d.wires, inputs, out, grad)
		if d.op == nil {
			grads[i] = wired[0]
			continue
		}
		if grads[i], err = G.ApplyOp(d.op, wired...); err != nil {
			return nil, err
		}
	}
	return grads, nil
}

// doDiff is DoDiff for LispMachine: it adds to the inputs' gradients in place.
func doDiff(op differentiable, inputs G.Nodes, out *G.Node) (err error) {
	defer recoverFrom(op, "DoDiff", &err)
	grad, err := out.Grad()
	if err != nil {
		return errors.Wrapf(err, "%v: the gradient of the output", op)
	}
	values := make([]G.Value, len(inputs))
	for i, in := range inputs {
		values[i] = in.Value()
	}
	for i, wanted := range op.DiffWRT(len(inputs)) {
		if !wanted {
			continue
		}
		d, err := op.derivative(i)
		if err != nil {
			return err
		}
		wired := connect(d.wires, values, out.Value(), grad)
		addend := wired[0]
		if d.op != nil {
			if addend, err = d.op.Do(wired...); err != nil {
				return err
			}
		}
		into, err := inputs[i].Grad()
		if err != nil {
			return errors.Wrapf(err, "%v: the gradient of input %d", op, i)
		}
		if addend.Dtype() == tensor.Float32 {
			err = accumulate[float32](into, addend)
		} else {
			err = accumulate[float64](into, addend)
		}
		if err != nil {
			return errors.WithMessagef(err, "%v: the gradient of input %d", op, i)
		}
	}
	return nil
}
