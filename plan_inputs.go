package kldivloss

import (
	"math"

	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// setTemperature divides both sides by the temperature.
func (p *plan) setTemperature(c config, sides G.Nodes) (G.Nodes, error) {
	t := c.temperature
	if p.dtype == tensor.Float32 {
		t = float64(float32(t)) // as it divides
	}
	if !(t > 0) || math.IsInf(t, 1) || c.scaleT2 && math.IsInf(t*t, 1) {
		return nil, errors.Wrapf(ErrOption, "temperature is %v, expected a number above 0 that is finite, with its square where T² is asked for, as %v", c.temperature, p.dtype)
	}
	for _, side := range []struct {
		name string
		form Form
	}{{"pred", c.predForm}, {"target", c.targetForm}} {
		if side.form == Probs {
			return nil, errors.Wrapf(ErrOption, "temperature is %v for a %s in form %v, expected Logits or LogProbs: probabilities have no scores to divide", t, side.name, side.form)
		}
	}
	p.problem.Pred, p.problem.Target = kernel.Logits, kernel.Logits
	if c.scaleT2 {
		p.problem.Scale *= t * t
	}
	tempered := make(G.Nodes, len(sides))
	for i, n := range sides {
		var err error
		if tempered[i], err = divided(n, t); err != nil {
			return nil, err
		}
	}
	return tempered, nil
}

// setMask asks for pred's shape without the class axis.
func (p *plan) setMask(m, pred *G.Node) error {
	expected := p.rowShape()
	if len(expected) == 0 {
		return errors.Wrapf(ErrShape, "a mask is given for pred of shape %v, expected none: there is one distribution", p.shape)
	}
	if err := checkLike("mask", m, "pred without its class axis", p.dtype, expected); err != nil {
		return err
	}
	p.maskShape, p.maskAxes = expected, noAxes(len(p.shape))
	for i, k := range p.rowAxes() {
		p.maskAxes[k] = i
	}
	return checkGraph("mask", m, "pred", pred)
}

func (p *plan) setSampleWeight(w, pred *G.Node, batchAxis int) error {
	dtype, shape, err := checkTensor("sample weight", w)
	if err != nil {
		return err
	}
	if dtype != p.dtype {
		return errors.Wrapf(ErrDtype, "sample weight is %v, expected %v as pred is", dtype, p.dtype)
	}
	p.weightShape = shape
	p.weightAxes = noAxes(len(p.shape))
	switch {
	case len(shape) == 1 && shape[0] == p.shape[batchAxis]:
		p.weightAxes[batchAxis] = 0
	case !p.broadcasts(shape):
		return errors.Wrapf(ErrShape, "sample weight has shape %v, expected (%d), one for each entry of the batch axis, or rank %d with every dimension 1 or that of pred's %v",
			shape, p.shape[batchAxis], len(p.shape), p.shape)
	default:
		for k, d := range shape {
			if d > 1 {
				p.weightAxes[k] = k
			}
		}
	}
	if p.problem.Divisor == kernel.TotalWeight && p.weightAxes[p.problem.Axis] != none {
		return errors.Wrapf(ErrShape, "sample weight has shape %v under ReductionWeightedMean, expected no dimension along the class axis: a distribution has one weight", shape)
	}
	return checkGraph("sample weight", w, "pred", pred)
}

// broadcasts reports whether a tensor of this shape repeats to pred's.
func (p *plan) broadcasts(shape tensor.Shape) bool {
	if len(shape) != len(p.shape) {
		return false
	}
	for k, d := range shape {
		if d != 1 && d != p.shape[k] {
			return false
		}
	}
	return true
}

// sampled reports whether there is a sample weight.
func (p *plan) sampled() bool { return p.weightShape != nil }

// masked reports whether there is a mask.
func (p *plan) masked() bool { return p.maskShape != nil }
