package main

import (
	"io"
	"math"

	"github.com/kldivloss/kldivloss"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// policy is π(a|s) = softmax of a network's logits, with the graphs that a trust
// region step needs. They are compiled once; what varies is written into batch and
// network.theta between runs.
type policy[T float] struct {
	network *network[T]
	batch   batch[T]

	objective *machine[T] // values of the surrogate, the divergence and the entropy, and the logits
	gradient  *machine[T] // ∇ surrogate
	fisher    *machine[T] // F·v
	vector    []T         // v
}

// batch is what one update is made from: N samples of the old policy.
type batch[T float] struct {
	observations []T // (N, observations)
	actions      []T // (N, actions), one-hot
	advantages   []T // (N), normalised
	oldLogits    []T // (N, actions), of the policy that acted
}

// Positions of the objective's values.
const (
	surrogateValue = iota
	divergenceValue
	entropyValue
	logitsValue
)

// newPolicy builds the graphs for batches of the given number of samples, whose
// logits the network gives.
func newPolicy[T float](n *network[T], samples int) (*policy[T], error) {
	actions := n.widths[len(n.widths)-1]
	p := &policy[T]{
		network: n,
		vector:  make([]T, n.size()),
		batch: batch[T]{
			observations: make([]T, samples*n.widths[0]),
			actions:      make([]T, samples*actions),
			advantages:   make([]T, samples),
			oldLogits:    make([]T, samples*actions),
		},
	}
	var err error
	if p.objective, err = p.compileObjective(); err != nil {
		return nil, errors.WithMessage(err, "objective")
	}
	if p.gradient, err = p.compileGradient(); err != nil {
		return nil, errors.WithMessage(err, "gradient")
	}
	if p.fisher, err = p.compileFisher(); err != nil {
		return nil, errors.WithMessage(err, "Fisher-vector product")
	}
	return p, nil
}

// policyGraph is what the policy's graphs have in common.
type policyGraph[T float] struct {
	*builder[T]
	policy     *policy[T]
	parameters G.Nodes // θ
	logits     *G.Node // of the new policy, (N, actions)
	oldLogits  *G.Node // of the old policy, constant
}

func (p *policy[T]) newGraph() *policyGraph[T] {
	samples := len(p.batch.advantages)
	widths := p.network.widths
	g := &policyGraph[T]{builder: newBuilder[T](samples), policy: p}
	g.parameters = g.builder.parameters("θ", p.network, p.network.theta)
	g.logits = g.perceptron(g.input("observations", p.batch.observations, samples, widths[0]), g.parameters)
	g.oldLogits = g.input("old logits", p.batch.oldLogits, samples, widths[len(widths)-1])
	return g
}

// surrogate is the estimate, from the old policy's samples, of how much better the
// new one is:
//
//	L(θ) = 1/N Σₙ π(aₙ|sₙ)/π_old(aₙ|sₙ) Âₙ
//
// log π(a|s) is −KL(δₐ ‖ π(·|s)), δₐ being the one-hot action, whose entropy is 0.
func (g *policyGraph[T]) surrogate() *G.Node {
	b := g.policy.batch
	samples := len(b.advantages)
	actions := g.input("actions", b.actions, samples, len(b.actions)/samples)
	nll := g.divergence(g.logits, actions, kldivloss.WithReduction(kldivloss.ReductionPerDistribution))
	oldNLL := g.divergence(g.oldLogits, actions, kldivloss.WithReduction(kldivloss.ReductionPerDistribution))
	ratio := g.unary(G.Exp, g.binary(G.Sub, oldNLL, nll))
	advantages := g.input("advantages", b.advantages, samples)
	return g.scaled(g.sum(g.binary(G.HadamardProd, advantages, ratio)), 1/float64(samples))
}

// trustRegion is the distance that the KL radius bounds, the mean over the states of
//
//	KL(π_old(·|s) ‖ π(·|s))
//
// in nats. At π = π_old it is 0 and so is its gradient, a minimum; its second
// derivative there is the Fisher information F.
func (g *policyGraph[T]) trustRegion() *G.Node {
	return g.divergence(g.logits, g.oldLogits,
		kldivloss.WithTargetForm(kldivloss.Logits),
		kldivloss.WithTargetGrad(false), // the old policy is a constant
		kldivloss.WithReduction(kldivloss.ReductionBatchMean))
}

// entropy is the policy's mean entropy in nats, as log A − KL(π ‖ uniform).
func (g *policyGraph[T]) entropy() *G.Node {
	samples := len(g.policy.batch.advantages)
	actions := len(g.policy.batch.actions) / samples
	uniform := g.input("uniform", make([]T, samples*actions), samples, actions) // equal logits
	fromUniform := g.divergence(uniform, g.logits,
		kldivloss.WithTargetForm(kldivloss.Logits),
		kldivloss.WithReduction(kldivloss.ReductionBatchMean))
	return g.binary(G.Sub, G.NewConstant(T(math.Log(float64(actions)))), fromUniform)
}

func (p *policy[T]) compileObjective() (*machine[T], error) {
	g := p.newGraph()
	return g.compile(g.surrogate(), g.trustRegion(), g.entropy(), g.logits)
}

func (p *policy[T]) compileGradient() (*machine[T], error) {
	g := p.newGraph()
	surrogate := g.surrogate()
	gradient := g.nodes(func() (G.Nodes, error) { return kldivloss.Grad(surrogate, g.parameters...) })
	return g.compile(gradient...)
}

// compileFisher makes F·v, F = ∂²KL(π_old ‖ π_θ)/∂θ², of the trust region's
// distance, for the vector v in p.vector.
func (p *policy[T]) compileFisher() (*machine[T], error) {
	g := p.newGraph()
	distance := g.trustRegion()
	v := g.builder.parameters("v", p.network, p.vector)
	product := g.nodes(func() (G.Nodes, error) {
		return kldivloss.HessianVectorProduct(distance, g.parameters, v)
	})
	return g.compile(product...)
}

func (p *policy[T]) Close() error {
	return closeAll(p.objective, p.gradient, p.fisher)
}

// closeAll closes all of them and returns the first error.
func closeAll(closers ...io.Closer) (first error) {
	for _, c := range closers {
		if err := c.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
