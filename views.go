package kldivloss

import (
	"fmt"
	"strings"

	G "gorgonia.org/gorgonia"
)

// settled returns a node that derivatives can be built on without the two traps
// of Gorgonia v0.9.18 that they run into. Its reductions leave tensors without
// dimensions where constants are scalars, and arithmetic between the two fails at
// run time. And its machine overwrites an operand that no later instruction reads,
// without regard to those that read the same memory by another view: a node that
// shares its memory is copied, by an op that reads all who share it and so keeps
// them from being overwritten until then.
func settled(n *G.Node) (*G.Node, error) {
	sharers := sharers(n)
	if len(sharers) > 1 || isReduced(n) {
		return copyAs(n, n.Shape(), sharers)
	}
	return n, nil
}

func settledAll(nodes G.Nodes) (G.Nodes, error) {
	all := make(G.Nodes, len(nodes))
	for i, n := range nodes {
		var err error
		if all[i], err = settled(n); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// sharers returns the nodes that show the same memory as n, n among them.
func sharers(n *G.Node) G.Nodes {
	if n.Graph() == nil {
		return G.Nodes{n}
	}
	source := n
	for isView(source) {
		source = childrenOf(source)[0]
	}
	return viewsOf(source, G.Nodes{source})
}

// viewsOf appends the views of n, and theirs.
func viewsOf(n *G.Node, found G.Nodes) G.Nodes {
	if n.Graph() == nil {
		return found
	}
	for it := n.Graph().To(n.ID()); it != nil && it.Next(); {
		if parent := it.Node().(*G.Node); isView(parent) && !found.Contains(parent) {
			found = viewsOf(parent, append(found, parent))
		}
	}
	return found
}

func isView(n *G.Node) bool {
	switch strings.TrimPrefix(fmt.Sprintf("%T", n.Op()), "*") {
	case "gorgonia.reshapeOp", "gorgonia.sliceOp", "gorgonia.transposeOp":
		return true
	}
	return false
}

// isReduced excludes sizes, which must stay the ops they are.
func isReduced(n *G.Node) bool {
	_, isSize := n.Op().(G.DimSizer)
	_, isOurs := n.Op().(differentiable)
	return n.IsScalar() && n.Op() != nil && !isConstant(n) && !isSize && !isOurs
}
