// Package kldivloss adds the Kullback–Leibler divergence to Gorgonia as a loss
// node, exact in every corner and differentiable twice.
//
// [KLDivLoss] measures how far a prediction q is from a target p,
//
//	KL(p‖q) = Σ pᵢ (log pᵢ − log qᵢ)
//
// summed over an axis of classes. It drops into an existing graph: gorgonia.Grad,
// both machines, BindDualValues and the solvers work with it as with any op.
// [Grad] and [HessianVectorProduct] differentiate a second time, which
// gorgonia.Grad cannot. [JSDivLoss], [SymmetricKL] and [GaussianKL] are its relatives,
// with the same options. [Softmax] and [LogSoftmax] are Gorgonia's, right where
// those are not.
//
// # The same thing by other names
//
//	                     here               PyTorch          Gluon             Keras, optax
//	arguments            (pred, target)     (input, target)  (pred, label)     Keras (y_true, y_pred),
//	                                                                           optax (log_predictions, targets)
//	pred holds log q     LogProbs, default  always           from_logits=True  optax kl_divergence
//	pred holds scores    Logits             –                from_logits=False –
//	pred holds q         Probs              –                –                 Keras
//	target holds p       Probs, default     default          always            default
//	target holds log p   LogProbs           log_target=True  –                 optax ..._with_log_targets
//	target holds scores  Logits             –                –                 –
//	elements             ReductionNone      'none'           –                 –
//	sum of all           ReductionSum       'sum'            –                 –
//	Σ / elements         ReductionMean      'mean'           –                 –
//	Σ / batch            ReductionBatchMean 'batchmean'      –                 Keras default
//	mean over non-batch  ReductionPerSample –                default           –
//	Σ over classes       ReductionPerDistribution  –         –                 optax default
//	mean divergence      ReductionDistributionMean –         –                 –
//	Σ s·KL / Σ s         ReductionWeightedMean –      –                 –
//	softened             WithTemperature    –                –                 –
//	without padding      WithMask           –                –                 Keras mask
//	values looked at     WithChecks         –                –                 –
//	Jensen–Shannon       JSDivLoss          –                –                 TRL generalized_jsd_loss,
//	                                                                           scipy jensenshannon, squared
//	both directions      SymmetricKL        –                –                 –
//	Gaussian latents     GaussianKL         distributions.kl_divergence  –     –
//	from another prior   GaussianKLFrom     distributions.kl_divergence  –     –
//
// Gluon's from_logits=True means that pred already holds log-probabilities; in
// Keras the same words mean the reverse. [WithFromLogits] has Gluon's sense.
//
// # Which reduction
//
// To train, take [ReductionBatchMean], the mean divergence over the samples: a
// scalar, as gorgonia.Grad wants. For sequences of shape (batch, time, classes)
// take [ReductionDistributionMean], the mean over every distribution. The default,
// [ReductionPerSample], is Gluon's: a vector, each sample's mean over everything
// else, the classes too, and so smaller than the divergence by their number.
//
// # What differs from Gluon, and why
//
// No epsilon is added: 0·log 0 is exactly 0 and KL(p‖p) is exactly 0, where
// log(p + 1e-12) gives 4e-12. [WithEpsilon] brings Gluon's numbers back. A class
// that the target gives mass and the prediction none is +Inf, where Gluon 2.x
// gives NaN. The target may be given as logits or log-probabilities, and takes a
// gradient.
package kldivloss

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// KLDivLoss returns the Kullback–Leibler divergence KL(target‖pred) as one node:
// the prediction comes first, as in Gluon and PyTorch.
//
// By default pred holds log-probabilities and target probabilities, of one shape
// of any rank from 1 up, float32 or float64, with the classes along the last axis
// and the samples along the first. The element for class i is
//
//	eᵢ = w · sᵢ · pᵢ (log pᵢ − log qᵢ)
//
// with w from [WithWeight] and s from [WithSampleWeight]. [WithReduction] says how
// the elements are summed; the default, as in Gluon, is a vector (N) of each
// sample's mean. [WithPredForm] and [WithTargetForm] allow probabilities,
// log-probabilities and logits on either side. Rows need not be normalised: a
// target of counts or soft labels is taken as it is.
//
// Both inputs are differentiable, twice and together, unless they are constants or
// [WithTargetGrad] says otherwise. A third derivative is [ErrThirdDerivative]. Take a named
// input with WithTargetGrad(false) for a large constant: Gorgonia takes constants that print
// alike for one, which is [ErrGraph] here.
//
// Gradients of logits are computed with the loss where it is a term of the cost with factor 1.
// Evaluate with a graph that was not differentiated: a program compiled from a part of one
// that was computes the gradients too.
//
// Special cases are:
//
//	p = 0, whatever log q            the element and its gradients are 0
//	p > 0, log q = −Inf              +Inf
//	a sample weight of 0             0, whatever the row holds, NaN too
//	NaN in p, or in log q, p > 0     NaN
//	p < 0                            NaN
//	a logit of −Inf                  that class has probability 0
//	a row of logits all −Inf         NaN
//
// Sums keep what their additions round off, or are in float64 where terms are float32. Lanes
// of float32 take rows of which little cancels: with ε the dtype's epsilon a loss is within 4ε
// of Σ|eᵢ|. With logits on both sides a small divergence is not lost to cancellation and
// never comes out negative: float32 logits 1e-5 apart give 1e-11.
//
// Errors wrap [ErrNilNode], [ErrGraph], [ErrShape], [ErrAxis], [ErrDtype] or
// [ErrOption] and name the argument, what was found and what was expected. A value
// that no longer fits its node when the machine runs is an error of RunAll.
//
// References: Kullback and Leibler, On Information and Sufficiency, 1951;
// gluon.loss.KLDivLoss; torch.nn.KLDivLoss.
func KLDivLoss(pred, target *G.Node, opts ...Option) (*G.Node, error) {
	n, err := newDivergence(divergence{}, pred, target, opts)
	return n, errors.WithMessage(err, "KLDivLoss")
}

// newDivergence adds a divergence to the graph.
func newDivergence(d divergence, pred, target *G.Node, opts []Option) (*G.Node, error) {
	p, inputs, err := newPlan(d, pred, target, opts)
	if err != nil {
		return nil, err
	}
	return newLossOp(p).apply(inputs)
}
