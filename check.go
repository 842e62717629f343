package kldivloss

import (
	"fmt"

	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// checkValues refuses values that the plan's arguments may not have. The op that runs
// first calls it; derivatives rely on that.
func (p *plan) checkValues(s *signature, inputs []G.Value) (err error) {
	if !p.masked() && !p.checks || len(inputs) < p.lossArity() {
		return nil
	}
	defer s.recovered(&err)
	if p.dtype == tensor.Float32 {
		err = checkValuesOf[float32](p, s, inputs)
	} else {
		err = checkValuesOf[float64](p, s, inputs)
	}
	return errors.WithMessage(err, s.name)
}

func checkValuesOf[F kernel.Float](p *plan, s *signature, inputs []G.Value) error {
	views := make([]kernel.View[F], p.lossArity())
	for i := range views {
		var err error
		if views[i], err = view[F](s.args[i].name, inputs[i], s.args[i].shape); err != nil {
			return err
		}
	}
	if p.masked() {
		if entry, value := kernel.MaskFault(p.maskShape, views[len(views)-1]); entry >= 0 {
			return errors.Wrapf(ErrValue, "mask has %v at %v, expected 0 or 1", value, place(entry, p.maskShape))
		}
	}
	if p.checks {
		if f := kernel.Check(p.problem, operands(p, views)); f != nil {
			return p.describe(*f, kernel.SumTolerance[F](p.shape[p.problem.Axis]))
		}
	}
	return nil
}

// describe says which argument and row is at fault, what was found, what was expected, and
// what the likely cause is.
func (p *plan) describe(f kernel.Fault, tolerance float64) error {
	row := place(f.Row, p.rowShape())
	pred, target := p.sides()
	name, form := pred, Form(p.problem.Pred)
	if f.Side == kernel.Target {
		name, form = target, Form(p.problem.Target)
	}
	switch f.Kind {
	case kernel.NotNumber:
		return errors.Wrapf(ErrValue, "%s has NaN in distribution %s, expected numbers", name, row)
	case kernel.NoScores:
		return errors.Wrapf(ErrValue, "%s has no distribution %s: a logit is %v, expected finite ones or −Inf, not all of them", name, row, f.Value)
	case kernel.NoOverlap:
		return errors.Wrapf(ErrValue, "distribution %s: no class has probability in both %s and %s, expected one at least: the divergence is infinite", row, pred, target)
	case kernel.OutOfRange:
		expected := "probabilities of at least 0"
		if form == LogProbs {
			expected = "logarithms of probabilities, at most 0"
		}
		return errors.Wrapf(ErrValue, "%s has %v in distribution %s, expected %s: %s", name, f.Value, row, expected, p.cause(name, Form(f.Looks), form))
	}
	return errors.Wrapf(ErrValue, "%s sums to %v in distribution %s, expected probabilities that sum to 1 within %.1g: %s", name, f.Value, row, tolerance, p.cause(name, Form(f.Looks), form))
}

// cause guesses why a row of one form is not of that form.
func (p *plan) cause(name string, looks, form Form) string {
	option := "WithPredForm"
	if name == "target" {
		option = "WithTargetForm"
	}
	switch {
	case looks != form && looks != Logits:
		return fmt.Sprintf("it looks like %v, which %s(%v) takes", looks, option, looks)
	case form == Probs:
		return fmt.Sprintf("it may be raw scores, which %s(Logits) takes, or not normalised", option)
	}
	return fmt.Sprintf("it may be raw scores, which %s(Logits) takes, or Gorgonia's Log(SoftMax(x)), which overwrites x (gorgonia issue 569): take kldivloss.LogSoftmax", option)
}

// place prints where the numbered entry of a row-major tensor is.
func place(entry int, shape []int) string {
	index := make([]int, len(shape))
	for k := len(shape) - 1; k >= 0; k-- {
		index[k], entry = entry%shape[k], entry/shape[k]
	}
	return fmt.Sprint(index)
}
