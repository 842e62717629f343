package kldivloss

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// backpropagate returns, for each of wrt, the sum over the roots of their
// vector–Jacobian products with the seeds, or nil where no root depends on it.
// It leaves no trace on the nodes it passes.
func backpropagate(roots, seeds, wrt G.Nodes) (G.Nodes, error) {
	t := newTape(wrt)
	for _, root := range roots {
		if err := t.visit(root); err != nil {
			return nil, err
		}
	}
	flowing := make(map[*G.Node]G.Nodes) // the terms of each node's gradient
	for i, root := range roots {
		flowing[root] = append(flowing[root], seeds[i])
	}
	summed := make(map[*G.Node]*G.Node)
	for i := len(t.order) - 1; i >= 0; i-- {
		n := t.order[i]
		if !t.active[n] || len(flowing[n]) == 0 {
			continue
		}
		grad, err := add(flowing[n])
		if err != nil {
			return nil, errors.WithMessagef(err, "the gradient of %v", n)
		}
		summed[n] = grad
		grads, err := t.pullBack(n, grad)
		if err != nil {
			return nil, err
		}
		for j, child := range t.children[n] {
			if grads[j] != nil {
				flowing[child] = append(flowing[child], grads[j])
			}
		}
	}
	result := make(G.Nodes, len(wrt))
	for i, n := range wrt {
		result[i] = summed[n]
	}
	return result, nil
}

// tape is the part of a graph that lies under some roots.
type tape struct {
	order    G.Nodes // children before parents
	children map[*G.Node]G.Nodes
	active   map[*G.Node]bool   // depends on wrt through differentiable inputs
	pulls    map[*G.Node][]bool // which children take a gradient
}

func newTape(wrt G.Nodes) *tape {
	t := &tape{
		children: make(map[*G.Node]G.Nodes),
		active:   make(map[*G.Node]bool),
		pulls:    make(map[*G.Node][]bool),
	}
	for _, n := range wrt {
		t.active[n] = true
	}
	return t
}

func (t *tape) visit(n *G.Node) error {
	if _, seen := t.children[n]; seen {
		return nil
	}
	children := childrenOf(n)
	t.children[n] = children
	for _, child := range children {
		if err := t.visit(child); err != nil {
			return err
		}
	}
	t.order = append(t.order, n)
	if !slices.ContainsFunc(children, func(c *G.Node) bool { return t.active[c] }) {
		return nil
	}
	pulls, err := differentiableInputs(n, len(children))
	if err != nil {
		return err
	}
	for i, child := range children {
		pulls[i] = pulls[i] && t.active[child]
		t.active[n] = t.active[n] || pulls[i]
	}
	t.pulls[n] = pulls
	return nil
}

// pullBack returns the gradients of n's children, nil for those that take none.
func (t *tape) pullBack(n, grad *G.Node) (G.Nodes, error) {
	children, pulls := t.children[n], t.pulls[n]
	if !slices.Contains(pulls, true) {
		return make(G.Nodes, len(children)), nil
	}
	grad, err := settled(grad)
	if err != nil {
		return nil, err
	}
	op, ok := n.Op().(differentiable)
	if !ok {
		return foreignSymDiff(n, children, pulls, grad)
	}
	if children, err = settledAll(children); err != nil {
		return nil, err
	}
	return symDiff(op, pulls, children, n, grad)
}

func childrenOf(n *G.Node) G.Nodes {
	if n.Op() == nil || n.Graph() == nil {
		return nil
	}
	var children G.Nodes
	for it := n.Graph().From(n.ID()); it != nil && it.Next(); {
		children = append(children, it.Node().(*G.Node))
	}
	return children
}
