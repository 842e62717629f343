package kldivloss

import (
	"reflect"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// checkTensor returns the dtype and shape of a node that must hold a float
// tensor without an empty dimension.
func checkTensor(name string, n *G.Node) (tensor.Dtype, tensor.Shape, error) {
	if n == nil {
		return tensor.Dtype{}, nil, errors.Wrapf(ErrNilNode, "%s is nil, expected a node", name)
	}
	dtype, ok := floatOf(n)
	if !ok {
		return dtype, nil, errors.Wrapf(ErrDtype, "%s has type %v, expected a tensor of float64 or float32", name, n.Type())
	}
	if n.IsScalar() {
		return dtype, nil, errors.Wrapf(ErrShape, "%s is a scalar, expected a tensor", name)
	}
	shape := slices.Clone(n.Shape())
	if len(shape) == 0 || slices.Min(shape) <= 0 {
		return dtype, nil, errors.Wrapf(ErrShape, "%s has shape %v, expected at least one dimension and none that is empty", name, shape)
	}
	return dtype, shape, nil
}

// checkLike asks for a tensor of another's dtype and shape.
func checkLike(name string, n *G.Node, otherName string, dtype tensor.Dtype, shape tensor.Shape) error {
	found, foundShape, err := checkTensor(name, n)
	switch {
	case err != nil:
		return err
	case found != dtype:
		return errors.Wrapf(ErrDtype, "%s is %v, expected %v as %s is", name, found, dtype, otherName)
	case !slices.Equal(foundShape, shape):
		return errors.Wrapf(ErrShape, "%s has shape %v, expected %v as %s has", name, foundShape, shape, otherName)
	}
	return nil
}

// dtypeOf is Node.Dtype without its panic.
func dtypeOf(n *G.Node) (tensor.Dtype, bool) {
	switch t := n.Type().(type) {
	case tensor.Dtype:
		return t, true
	case G.TensorType:
		dtype, ok := t.Of.(tensor.Dtype)
		return dtype, ok
	}
	return tensor.Dtype{}, false
}

// floatOf returns a node's dtype and whether our ops can compute in it.
func floatOf(n *G.Node) (tensor.Dtype, bool) {
	dtype, _ := dtypeOf(n)
	return dtype, dtype == tensor.Float64 || dtype == tensor.Float32
}

// checkAnyGraph asks for one node at least that is in a graph.
func checkAnyGraph(nodes G.Nodes) error {
	for _, n := range nodes {
		if n.Graph() != nil {
			return nil
		}
	}
	return errors.Wrap(ErrGraph, "all inputs are constants of no graph, expected one of a graph at least")
}

// admitted adds the constants among nodes to the graph of the others. Gorgonia takes
// constants of one printed form for one, their names aside, and prints large tensors
// without their middle: where it would compute with the numbers of another constant,
// that is an error.
func admitted(nodes G.Nodes) (G.Nodes, error) {
	var g *G.ExprGraph
	for _, n := range nodes {
		if n.Graph() != nil {
			g = n.Graph()
		}
	}
	all := make(G.Nodes, len(nodes))
	for i, n := range nodes {
		if all[i] = n; n.Graph() == nil {
			all[i] = g.AddNode(n)
		}
		if isConstant(n) && !sameConstant(n, all[i]) {
			return nil, errors.Wrapf(ErrGraph, "the constant %v is taken by Gorgonia for another that prints like it, expected other numbers: bind them to an input with a name of its own, with WithTargetGrad(false) for a target", n)
		}
	}
	return all, nil
}

// sameConstant compares what two constants hold, to the last bit, NaN aside.
func sameConstant(a, b *G.Node) bool {
	if a == b || a.Op() == b.Op() {
		return true
	}
	x, y := a.Op().(interface{ Value() G.Value }).Value(), b.Op().(interface{ Value() G.Value }).Value()
	dx, ok := x.(*tensor.Dense)
	if !ok {
		return false
	}
	dy, ok := y.(*tensor.Dense)
	return ok && slices.Equal(dx.Strides(), dy.Strides()) && reflect.DeepEqual(dx.Data(), dy.Data())
}

// checkGraph allows constants that belong to no graph yet.
func checkGraph(name string, n *G.Node, otherName string, other *G.Node) error {
	free := func(n *G.Node) bool { return n.Graph() == nil && isConstant(n) }
	if n.Graph() == other.Graph() || free(n) || free(other) {
		return nil
	}
	return errors.Wrapf(ErrGraph, "%s and %s belong to two graphs, expected one", name, otherName)
}

// constantOf returns the value of a node that gorgonia.NewConstant made. The op's type
// is unexported; what no other op has is a value.
func constantOf(n *G.Node) (v G.Value, ok bool) {
	c, ok := n.Op().(interface{ Value() G.Value })
	if !ok {
		return nil, false
	}
	return c.Value(), true
}

func isConstant(n *G.Node) bool {
	_, ok := constantOf(n)
	return ok
}

// resolveAxis counts a negative axis from the end.
func resolveAxis(name string, axis int, shape tensor.Shape) (int, error) {
	rank := len(shape)
	if axis < -rank || axis >= rank {
		return 0, errors.Wrapf(ErrAxis, "%s is %d, expected one from %d to %d for shape %v", name, axis, -rank, rank-1, shape)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// product is the number of elements, 1 for a scalar's shape.
func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// axesOf returns 0, 1, …, rank−1.
func axesOf(shape []int) []int {
	axes := make([]int, len(shape))
	for k := range axes {
		axes[k] = k
	}
	return axes
}

// sameShape compares rank and every dimension; tensor.Shape's Eq takes a vector
// and a column for the same.
func sameShape(a, b *G.Node) bool { return slices.Equal(a.Shape(), b.Shape()) }
