package kldivloss

import (
	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// GaussianKL returns the divergence of independent normal distributions from the
// standard one, in closed form,
//
//	KL(N(mean, exp(logvar)) ‖ N(0, 1)) = ½ (mean² + exp(logvar) − 1 − logvar)
//
// the KL term of a variational autoencoder with Gaussian latents. mean and logvar have one
// shape of any rank from 1 up, float32 or float64, with the latents along the axis of
// [WithAxis], the last by default. The default reduction is [ReductionPerDistribution], the sum
// over the latents in nats; take [ReductionBatchMean] to train. [WithAxis], [WithBatchAxis],
// [WithReduction], [WithWeight], [WithSampleWeight] and [WithMask] mean what they do for [KLDivLoss],
// and [WithChecks] looks for NaN; the other options, unless they say what is the default
// there, are [ErrOption].
//
// Both inputs are differentiable, twice: by mean and ½(exp(logvar) − 1). Near the prior
// nothing cancels: a logvar of 1e-8 gives 2.5e-17. logvar = −Inf is +Inf.
//
// Reference: Kingma and Welling, Auto-encoding variational Bayes, 2014, appendix B.
func GaussianKL(mean, logvar *G.Node, opts ...Option) (*G.Node, error) {
	n, err := newDivergence(divergence{family: kernel.Gaussian}, mean, logvar, opts)
	return n, errors.WithMessage(err, "GaussianKL")
}

// GaussianKLFrom is [GaussianKL] from another prior than the standard normal,
//
//	KL(N(mean, exp(logvar)) ‖ N(priorMean, exp(priorLogvar)))
//	  = ½ ((mean − priorMean)² exp(−priorLogvar) + exp(logvar − priorLogvar) − 1 − (logvar − priorLogvar))
//
// as the GaussianKL of (mean − priorMean)·exp(−priorLogvar/2) and logvar − priorLogvar,
// which Gorgonia's own ops compute. All four have one shape and are differentiable, unless
// they are constants. exp(−priorLogvar/2) must be finite, priorLogvar above −177 for float32
// and above −1419 for float64; below, the result may be NaN.
func GaussianKLFrom(mean, logvar, priorMean, priorLogvar *G.Node, opts ...Option) (*G.Node, error) {
	n, err := gaussianKLFrom(mean, logvar, priorMean, priorLogvar, opts)
	return n, errors.WithMessage(err, "GaussianKLFrom")
}

func gaussianKLFrom(mean, logvar, priorMean, priorLogvar *G.Node, opts []Option) (*G.Node, error) {
	in := G.Nodes{mean, logvar, priorMean, priorLogvar}
	if err := checkGaussians(in); err != nil {
		return nil, err
	}
	fresh, err := freshAll(in)
	if err != nil {
		return nil, err
	}
	relativeLogvar, err := G.Sub(fresh[1], fresh[3])
	if err != nil {
		return nil, err
	}
	shift, err := G.Sub(fresh[0], fresh[2])
	if err != nil {
		return nil, err
	}
	exponent, err := divided(fresh[3], -2)
	if err != nil {
		return nil, err
	}
	scale, err := G.Exp(exponent)
	if err != nil {
		return nil, err
	}
	relativeMean, err := G.HadamardProd(shift, scale)
	if err != nil {
		return nil, err
	}
	return newDivergence(divergence{family: kernel.Gaussian}, relativeMean, relativeLogvar, opts)
}

// checkGaussians asks for four tensors alike, of one graph.
func checkGaussians(in G.Nodes) error {
	names := []string{"mean", "logvar", "priorMean", "priorLogvar"}
	dtype, shape, err := checkTensor(names[0], in[0])
	if err != nil {
		return err
	}
	for i, n := range in[1:] {
		if err := checkLike(names[1+i], n, names[0], dtype, shape); err != nil {
			return err
		}
	}
	for i, n := range in {
		for j, other := range in[:i] {
			if err := checkGraph(names[i], n, names[j], other); err != nil {
				return err
			}
		}
	}
	return checkAnyGraph(in)
}

// freshAll copies nodes, of which one at least is in a graph: Gorgonia's arithmetic may
// write into an operand that is another's view, and fails on strided ones.
func freshAll(nodes G.Nodes) (G.Nodes, error) {
	nodes, err := admitted(nodes)
	if err != nil {
		return nil, err
	}
	all := make(G.Nodes, len(nodes))
	for i, n := range nodes {
		if all[i], err = copyAs(n, n.Shape(), sharers(n)); err != nil {
			return nil, err
		}
	}
	return all, nil
}
