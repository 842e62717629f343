package kldivloss

import (
	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
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
// [WithReduction], [WithWeight] and [WithSampleWeight] mean what they do for [KLDivLoss];
// the other options are [ErrOption].
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
// which Gorgonia's own ops compute. All four have one shape and are differentiable.
func GaussianKLFrom(mean, logvar, priorMean, priorLogvar *G.Node, opts ...Option) (*G.Node, error) {
	n, err := gaussianKLFrom(mean, logvar, priorMean, priorLogvar, opts)
	return n, errors.WithMessage(err, "GaussianKLFrom")
}

func gaussianKLFrom(mean, logvar, priorMean, priorLogvar *G.Node, opts []Option) (*G.Node, error) {
	dtype, shape, err := checkTensor("mean", mean)
	if err != nil {
		return nil, err
	}
	for _, other := range []struct {
		name string
		node *G.Node
	}{{"logvar", logvar}, {"priorMean", priorMean}, {"priorLogvar", priorLogvar}} {
		if err := checkLike(other.name, other.node, "mean", dtype, shape); err != nil {
			return nil, err
		}
		if err := checkGraph(other.name, other.node, "mean", mean); err != nil {
			return nil, err
		}
	}
	shift, err := G.Sub(mean, priorMean)
	if err != nil {
		return nil, err
	}
	half := G.NewConstant(-0.5)
	if dtype == tensor.Float32 {
		half = G.NewConstant(float32(-0.5))
	}
	exponent, err := G.HadamardProd(priorLogvar, half)
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
	relativeLogvar, err := G.Sub(logvar, priorLogvar)
	if err != nil {
		return nil, err
	}
	return newDivergence(divergence{family: kernel.Gaussian}, relativeMean, relativeLogvar, opts)
}
