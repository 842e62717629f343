package kldivloss

import (
	"fmt"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Grad returns the gradients of a scalar cost with respect to wrt, as new nodes
// of the graph and in the order of wrt.
//
// It is gorgonia.Grad made re-entrant: gorgonia.Grad marks every node it passes
// and skips the marked ones, so that a second call through the same nodes, a
// Hessian-vector product or a second loss that shares layers, silently loses
// terms. Grad keeps no marks, may be called any number of times, and takes
// intermediate nodes as wrt too.
//
// Because it keeps no marks, BindDualValues, Node.Grad and Gorgonia's solvers do
// not see its results. Fetch them with gorgonia.Read, registered before the
// machine is made.
//
// Where an op on the way is not differentiable, or Gorgonia's own derivative of
// it is wrong or panics (SoftMax, LogSoftMax and Slice differentiated twice, among
// others), Grad returns ErrNotDifferentiable and names the op. A third derivative
// of this package's ops is ErrThirdDerivative. Where two nodes of the graph have the same
// hash, and a TapeMachine would compute one of them only, it is ErrGraph. What Grad cannot
// see are Gorgonia's faults in the forward pass, such as Add(Reshape(x), y), which
// overwrites x, and the maximum of equal entries, each of which gets the whole gradient.
func Grad(cost *G.Node, wrt ...*G.Node) (G.Nodes, error) {
	if err := checkCost(cost, wrt); err != nil {
		return nil, errors.WithMessage(err, "Grad")
	}
	grads, err := backpropagate(G.Nodes{cost}, G.Nodes{one(cost)}, wrt)
	if err != nil {
		return nil, errors.WithMessage(err, "Grad")
	}
	for i, grad := range grads {
		if grad == nil {
			return nil, errors.Wrapf(ErrNotDifferentiable, "Grad: wrt %d (%v): the cost does not depend on it, or only through inputs that take no gradient", i, wrt[i])
		}
	}
	if err := checkHashes(cost.Graph()); err != nil {
		return nil, errors.WithMessage(err, "Grad")
	}
	return grads, nil
}

// HessianVectorProduct returns H·v, H being the Hessian of a scalar cost with
// respect to all of wrt together, exactly, by differentiating twice in reverse
// mode. v holds one node for each of wrt, of its shape and dtype, and so does
// the result. A block of H that is zero by construction gives zeros.
//
// With the mean divergence from old logits, held constant, to new ones as cost,
// H at equality is the Fisher information of the new distribution and the result
// its Fisher-vector product.
func HessianVectorProduct(cost *G.Node, wrt, v G.Nodes) (G.Nodes, error) {
	if err := checkCost(cost, wrt); err != nil {
		return nil, errors.WithMessage(err, "HessianVectorProduct")
	}
	if err := checkVector(wrt, v); err != nil {
		return nil, errors.WithMessage(err, "HessianVectorProduct")
	}
	products, err := hessianVectorProduct(cost, wrt, v)
	return products, errors.WithMessage(err, "HessianVectorProduct")
}

func hessianVectorProduct(cost *G.Node, wrt, v G.Nodes) (G.Nodes, error) {
	grads, err := backpropagate(G.Nodes{cost}, G.Nodes{one(cost)}, wrt)
	if err != nil {
		return nil, err
	}
	var roots, seeds G.Nodes
	for i, grad := range grads {
		if grad != nil {
			roots, seeds = append(roots, grad), append(seeds, v[i])
		}
	}
	products, err := backpropagate(roots, seeds, wrt)
	if err != nil {
		return nil, err
	}
	for i := range products {
		if products[i] == nil {
			if products[i], err = zerosLike(wrt[i]); err != nil {
				return nil, err
			}
		}
	}
	if err := checkHashes(cost.Graph()); err != nil {
		return nil, err
	}
	return products, nil
}

func checkCost(cost *G.Node, wrt G.Nodes) error {
	if cost == nil {
		return errors.Wrap(ErrNilNode, "cost is nil, expected a node")
	}
	if _, ok := floatOf(cost); !ok {
		return errors.Wrapf(ErrDtype, "cost is %v, expected float64 or float32", cost.Type())
	}
	if !cost.IsScalar() {
		return errors.Wrapf(ErrShape, "cost has shape %v, expected a scalar: choose a reduction that gives one", cost.Shape())
	}
	if cost.Graph() == nil {
		return errors.Wrap(ErrGraph, "cost belongs to no graph")
	}
	if len(wrt) == 0 {
		return errors.Wrap(ErrOption, "wrt is empty, expected at least one node")
	}
	for i, n := range wrt {
		if n == nil {
			return errors.Wrapf(ErrNilNode, "wrt %d is nil, expected a node", i)
		}
		if n.Graph() != cost.Graph() {
			return errors.Wrapf(ErrGraph, "wrt %d (%v) is not of the cost's graph", i, n)
		}
		if _, ok := floatOf(n); !ok {
			return errors.Wrapf(ErrDtype, "wrt %d (%v) is %v, expected float64 or float32", i, n, n.Type())
		}
	}
	return nil
}

func checkVector(wrt, v G.Nodes) error {
	if len(v) != len(wrt) {
		return errors.Wrapf(ErrShape, "v has %d nodes, expected %d, one for each of wrt", len(v), len(wrt))
	}
	for i, n := range v {
		switch {
		case n == nil:
			return errors.Wrapf(ErrNilNode, "v %d is nil, expected a node", i)
		case !sameShape(n, wrt[i]):
			return errors.Wrapf(ErrShape, "v %d has shape %v, expected wrt's %v", i, n.Shape(), wrt[i].Shape())
		}
		found, _ := dtypeOf(n)
		expected, _ := dtypeOf(wrt[i])
		if found != expected {
			return errors.Wrapf(ErrDtype, "v %d is %v, expected wrt's %v", i, found, expected)
		}
		if err := checkGraph(fmt.Sprintf("v %d", i), n, "wrt", wrt[i]); err != nil {
			return err
		}
	}
	return nil
}

// one is the gradient of the cost with respect to itself. Constants of one name
// merge, whatever their dtype: the name tells the two apart.
func one(cost *G.Node) *G.Node {
	dtype, _ := dtypeOf(cost)
	var v interface{} = 1.0
	if dtype == tensor.Float32 {
		v = float32(1)
	}
	return cost.Graph().AddNode(G.NewConstant(v, G.WithName(fmt.Sprintf("kldivloss one %v", dtype))))
}
