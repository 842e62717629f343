package kldivloss

import (
	"fmt"
	"math"
	"slices"

	"github.com/kldivloss/kldivloss/internal/kernel"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// plan is a validated, immutable description of one loss: what its ops compute
// and what tells them apart from any other.
type plan struct {
	dtype       tensor.Dtype
	shape       tensor.Shape // of pred and target
	weightShape tensor.Shape // nil without a sample weight
	maskShape   tensor.Shape // nil without a mask
	outShape    tensor.Shape

	predGrad, targetGrad bool // whether gradients flow there
	swapped              bool // pred and target are the caller's target and pred
	checks               bool // of the values, when the loss is computed

	// For each axis of pred, the axis of the output, of the sample weight and of
	// the mask that runs along it, or none.
	outAxes, weightAxes, maskAxes []int

	problem kernel.Problem
}

// none marks an axis that an output sums over or a sample weight repeats along.
const none = -1

func noAxes(rank int) []int {
	axes := make([]int, rank)
	for k := range axes {
		axes[k] = none
	}
	return axes
}

// stridesAlong gives a tensor with the given strides the axes of pred.
func stridesAlong(axes, strides []int) []int {
	along := make([]int, len(axes))
	for k, axis := range axes {
		if axis != none {
			along[k] = strides[axis]
		}
	}
	return along
}

// divergence is what a function of this package computes.
type divergence struct {
	family  kernel.Family
	beta    float64
	swapped bool // of target and pred, in the places of pred and target
	exact   bool // takes no epsilon
}

// newPlan checks the arguments of a divergence and returns what to compute and the
// nodes to compute it from: pred, target and the sample weight, if there is one.
func newPlan(d divergence, pred, target *G.Node, opts []Option) (*plan, G.Nodes, error) {
	c := defaults(d.family)
	for i, opt := range opts {
		if opt == nil {
			return nil, nil, errors.Wrapf(ErrOption, "option %d is nil, expected the result of a With… function", i)
		}
		opt(&c)
	}
	if d.exact && c.epsilon != 0 {
		return nil, nil, errors.Wrapf(ErrOption, "epsilon is %v, expected 0: it belongs to KLDivLoss", c.epsilon)
	}
	p := new(plan)
	p.problem.Family, p.problem.Beta = d.family, d.beta
	p.checks = c.checks
	if err := p.setNodes(c, pred, target); err != nil {
		return nil, nil, err
	}
	batchAxis, err := p.setAxes(c)
	if err != nil {
		return nil, nil, err
	}
	if err := p.setForms(c); err != nil {
		return nil, nil, err
	}
	if err := p.setReduction(c, batchAxis); err != nil {
		return nil, nil, err
	}
	inputs := G.Nodes{pred, target}
	if c.tempered {
		if inputs, err = p.setTemperature(c, inputs); err != nil {
			return nil, nil, err
		}
	}
	if d.swapped {
		p.swap()
		inputs[0], inputs[1] = inputs[1], inputs[0]
	}
	if c.sampled {
		if err := p.setSampleWeight(c.sampleWeight, pred, batchAxis); err != nil {
			return nil, nil, err
		}
		inputs = append(inputs, c.sampleWeight)
	}
	if c.masked {
		if err := p.setMask(c.mask, pred); err != nil {
			return nil, nil, err
		}
		inputs = append(inputs, c.mask)
	}
	return p, inputs, checkAnyGraph(inputs)
}

// swap exchanges what is known of pred and target.
func (p *plan) swap() {
	p.swapped = true
	p.predGrad, p.targetGrad = p.targetGrad, p.predGrad
	p.problem.Pred, p.problem.Target = p.problem.Target, p.problem.Pred
}

// name is the function's, for ops and errors.
func (p *plan) name() string {
	switch p.problem.Family {
	case kernel.JensenShannon:
		return "JSDivLoss"
	case kernel.Gaussian:
		return "GaussianKL"
	}
	return "KLDivLoss"
}

// sides are what the function calls its first two inputs.
func (p *plan) sides() (pred, target string) {
	switch {
	case p.problem.Family == kernel.Gaussian:
		return "mean", "logvar"
	case p.swapped:
		return "target", "pred"
	}
	return "pred", "target"
}

func (p *plan) setNodes(c config, pred, target *G.Node) error {
	predName, targetName := p.sides()
	var err error
	if p.dtype, p.shape, err = checkTensor(predName, pred); err != nil {
		return err
	}
	if err := checkLike(targetName, target, predName, p.dtype, p.shape); err != nil {
		return err
	}
	if err := checkGraph(targetName, target, predName, pred); err != nil {
		return err
	}
	p.predGrad = !isConstant(pred)
	p.targetGrad = c.targetGrad && !isConstant(target)
	p.problem.Shape = p.shape
	return nil
}

func (p *plan) setAxes(c config) (batchAxis int, err error) {
	if p.problem.Axis, err = resolveAxis("axis", c.axis, p.shape); err != nil {
		return 0, err
	}
	return resolveAxis("batchAxis", c.batchAxis, p.shape)
}

// rowAxes are all axes but the classes': those along which the distributions are.
func (p *plan) rowAxes() []int {
	return slices.Delete(axesOf(p.shape), p.problem.Axis, p.problem.Axis+1)
}

// rowShape is pred's shape without the class axis.
func (p *plan) rowShape() tensor.Shape {
	return slices.Delete(slices.Clone(p.shape), p.problem.Axis, p.problem.Axis+1)
}

func (p *plan) setForms(c config) error {
	if p.problem.Family == kernel.Gaussian {
		return c.checkGaussian()
	}
	if c.predForm > Logits {
		return errors.Wrapf(ErrOption, "the form of pred is %v, expected Probs, LogProbs or Logits", c.predForm)
	}
	if c.targetForm > Logits {
		return errors.Wrapf(ErrOption, "the form of target is %v, expected Probs, LogProbs or Logits", c.targetForm)
	}
	if !(c.epsilon >= 0) || math.IsInf(c.epsilon, 1) {
		return errors.Wrapf(ErrOption, "epsilon is %v, expected a finite number of at least 0", c.epsilon)
	}
	if c.epsilon > 0 && c.targetForm != Probs {
		return errors.Wrapf(ErrOption, "epsilon is %v for a target in form %v, expected 0: only Probs have a logarithm to take", c.epsilon, c.targetForm)
	}
	p.problem.Pred = kernel.Form(c.predForm)
	p.problem.Target = kernel.Form(c.targetForm)
	p.problem.Epsilon = c.epsilon
	return nil
}

// checkGaussian refuses what only classes have.
func (c config) checkGaussian() error {
	d := defaults(kernel.Gaussian)
	for _, option := range []struct {
		name  string
		given bool
	}{
		{fmt.Sprintf("the pred form %v", c.predForm), c.predForm != d.predForm},
		{fmt.Sprintf("the target form %v", c.targetForm), c.targetForm != d.targetForm},
		{fmt.Sprintf("epsilon %v", c.epsilon), c.epsilon != d.epsilon},
		{fmt.Sprintf("temperature %v", c.temperature), c.tempered},
		{"WithTargetGrad(false)", c.targetGrad != d.targetGrad},
	} {
		if option.given {
			return errors.Wrapf(ErrOption, "%s is given, expected none: a Gaussian has no classes and no target", option.name)
		}
	}
	return nil
}
