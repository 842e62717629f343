// Package kldivloss is the Kullback–Leibler divergence as a loss for Gorgonia.
package kldivloss

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// KLDivLoss ...
func KLDivLoss(pred, target *G.Node, opts ...Option) (*G.Node, error) {
	p, inputs, err := newPlan(pred, target, opts)
	if err != nil {
		return nil, errors.WithMessage(err, "KLDivLoss")
	}
	return G.ApplyOp(newLossOp(p), inputs...)
}
