package kldivloss

import (
	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// JSDivLoss returns the generalised Jensen–Shannon divergence of target p and pred q,
//
//	JSD_β = β·KL(p‖m) + (1−β)·KL(q‖m),  m = β·p + (1−β)·q,  0 < β < 1
//	JSD_0 = KL(p‖q), the forward divergence, which is KLDivLoss(pred, target)
//	JSD_1 = KL(q‖p), the reverse
//
// as TRL (GKDTrainer.generalized_jsd_loss) and Liger (LigerFusedLinearJSD) define it
// for distillation, p being the teacher and q the student. With β = ½ it is the
// symmetric one, the square of scipy.spatial.distance.jensenshannon, at most log 2.
//
// Forms, axes, reductions, weights and errors are those of [KLDivLoss], with the element
// for class i
//
//	eᵢ = w · sᵢ · (β pᵢ log(pᵢ/mᵢ) + (1−β) qᵢ log(qᵢ/mᵢ))
//
// which is never negative. [WithEpsilon] is [ErrOption]. Both inputs are
// differentiable, twice and together.
//
// Special cases for 0 < β < 1 are:
//
//	p = 0, q > 0     (1−β)·q·log(1/(1−β)), and so without the two
//	q = 0, p > 0     β·p·log(1/β)
//	p or q of 0      gradients with respect to it, and second ones of the class, are 0
//	p or q < 0, NaN  NaN
//
// Divergences of nearly equal distributions are not lost to cancellation: with logits on
// both sides that are 1e-9 apart the result has full precision. It is computed in
// float64: of logits and log-probabilities the loss takes 5 ns a class and a gradient as
// much, with probabilities on a side 0.1 µs (BenchmarkRow).
//
// References: Lin, Divergence measures based on the Shannon entropy, 1991; Agarwal et
// al., On-policy distillation of language models, 2024.
func JSDivLoss(pred, target *G.Node, beta float64, opts ...Option) (*G.Node, error) {
	if !(0 <= beta && beta <= 1) {
		return nil, errors.Wrapf(ErrOption, "JSDivLoss: beta is %v, expected a number from 0 to 1", beta)
	}
	n, err := newDivergence(jensenShannon(beta), pred, target, opts)
	return n, errors.WithMessage(err, "JSDivLoss")
}

// jensenShannon is the divergence of a β; its ends are KL.
func jensenShannon(beta float64) divergence {
	switch beta {
	case 0:
		return divergence{exact: true}
	case 1:
		return divergence{exact: true, swapped: true}
	}
	return divergence{family: kernel.JensenShannon, beta: beta, exact: true}
}

// SymmetricKL returns KL(p‖q) + KL(q‖p) of target p and pred q, Jeffreys' divergence,
// as the sum of two nodes. Forms, axes, reductions, weights and errors are those of
// [KLDivLoss]; an epsilon is [ErrOption]. A class to which one side gives no mass and
// the other some is +Inf: [JSDivLoss] is symmetric and finite.
//
// Reference: Kullback and Leibler, On information and sufficiency, 1951.
func SymmetricKL(pred, target *G.Node, opts ...Option) (*G.Node, error) {
	n, err := symmetricKL(pred, target, opts)
	return n, errors.WithMessage(err, "SymmetricKL")
}

func symmetricKL(pred, target *G.Node, opts []Option) (*G.Node, error) {
	forward, err := newDivergence(jensenShannon(0), pred, target, opts)
	if err != nil {
		return nil, err
	}
	reverse, err := newDivergence(jensenShannon(1), pred, target, opts)
	if err != nil {
		return nil, err
	}
	return add(G.Nodes{forward, reverse})
}
