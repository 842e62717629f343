package kldivloss

import (
	"math"

	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
)

func (p *plan) setReduction(c config, batchAxis int) error {
	if math.IsNaN(c.weight) || math.IsInf(c.weight, 0) {
		return errors.Wrapf(ErrOption, "weight is %v, expected a finite number", c.weight)
	}
	axis := p.problem.Axis
	if axis == batchAxis && (c.reduction == ReductionPerSample || c.reduction == ReductionBatchMean) {
		return errors.Wrapf(ErrAxis, "axis and batchAxis are both %d under %v, expected two axes: a class is not a sample", axis, c.reduction)
	}
	var kept []int // the axes that are left
	elements, divisor := product(p.shape), 1
	switch c.reduction {
	case ReductionPerSample:
		kept = []int{batchAxis}
		divisor = elements / p.shape[batchAxis]
	case ReductionNone:
		kept = axesOf(p.shape)
	case ReductionSum:
	case ReductionMean:
		divisor = elements
	case ReductionBatchMean:
		divisor = p.shape[batchAxis]
	case ReductionPerDistribution:
		kept = p.rowAxes()
	case ReductionDistributionMean, ReductionWeightedMean:
		divisor = elements / p.shape[axis]
	default:
		return errors.Wrapf(ErrOption, "the reduction is %v, expected one of the Reduction constants", c.reduction)
	}
	p.outAxes = noAxes(len(p.shape))
	for i, k := range kept {
		p.outAxes[k] = i
		p.outShape = append(p.outShape, p.shape[k])
	}
	p.problem.Divisor = divisorOf(c)
	if p.problem.Divisor != kernel.NoDivisor {
		divisor = 1
		p.problem.BatchAxis = batchAxis
		if p.problem.Each = 1; c.reduction != ReductionDistributionMean {
			p.problem.Each = float64(p.shape[axis])
		}
	}
	p.problem.Scale = c.weight / float64(divisor)
	p.problem.OutStrides = stridesAlong(p.outAxes, kernel.RowMajor(p.outShape))
	p.problem.OutSize = product(p.outShape)
	return nil
}

// divisorOf says what a mean divides by that only the values tell.
func divisorOf(c config) kernel.Divisor {
	switch c.reduction {
	case ReductionWeightedMean:
		return kernel.TotalWeight
	case ReductionBatchMean:
		if c.masked {
			return kernel.KeptSamples
		}
	case ReductionPerSample, ReductionMean, ReductionDistributionMean:
		if c.masked {
			return kernel.KeptPerOutput
		}
	}
	return kernel.NoDivisor
}
