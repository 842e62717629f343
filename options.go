package kldivloss

import (
	"fmt"

	"github.com/kldivloss/kldivloss/internal/kernel"
	G "gorgonia.org/gorgonia"
)

// Form says how a tensor x holds a distribution over the classes of its axis.
type Form uint8

const (
	Probs    Form = Form(kernel.Probs)    // x = p
	LogProbs Form = Form(kernel.LogProbs) // x = log p
	Logits   Form = Form(kernel.Logits)   // x are raw scores: log p = x − logsumexp(x)
)

func (f Form) String() string { return nameOf(f, "Probs", "LogProbs", "Logits") }

// Reduction says how the elements e = w·s·p·(log p − log q) become the loss.
type Reduction uint8

const (
	// ReductionPerSample is the mean over every axis but the batch axis, of
	// shape (N): Gluon's aggregation. It divides by the number of classes too,
	// so it is not the divergence.
	ReductionPerSample Reduction = iota

	// ReductionNone keeps the elements, of pred's shape.
	ReductionNone

	// ReductionSum is the sum of all elements, a scalar.
	ReductionSum

	// ReductionMean is the sum over the number of elements, a scalar:
	// PyTorch's 'mean'. It divides by the number of classes too, so it is not
	// the divergence.
	ReductionMean

	// ReductionBatchMean is the sum over N, the size of the batch axis, a
	// scalar: PyTorch's 'batchmean', and the mean divergence where each sample
	// is one distribution.
	ReductionBatchMean

	// ReductionPerDistribution is the divergence of every distribution, of
	// pred's shape without the class axis.
	ReductionPerDistribution

	// ReductionDistributionMean is the mean divergence over the distributions,
	// a scalar, for (batch, time, vocabulary) too.
	ReductionDistributionMean

	// ReductionWeightedMean is Σ s·KL / Σ s over the distributions, s being the sample
	// weight, a scalar, and 0 where Σ s is 0. The weight may not differ along the
	// class axis; without one this is ReductionDistributionMean.
	ReductionWeightedMean
)

func (r Reduction) String() string {
	return nameOf(r, "ReductionPerSample", "ReductionNone", "ReductionSum", "ReductionMean",
		"ReductionBatchMean", "ReductionPerDistribution", "ReductionDistributionMean", "ReductionWeightedMean")
}

func nameOf[T ~uint8](v T, names ...string) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("%T(%d)", v, uint8(v))
}

// config is what the options set. Its defaults are in defaults.
type config struct {
	predForm, targetForm Form
	axis, batchAxis      int
	weight, epsilon      float64
	sampled              bool
	sampleWeight         *G.Node
	tempered, scaleT2    bool
	temperature          float64
	checks               bool
	masked               bool
	mask                 *G.Node
	reduction            Reduction
	targetGrad           bool
}

func defaults(f kernel.Family) config {
	c := config{
		predForm:   LogProbs,
		targetForm: Probs,
		axis:       -1,
		batchAxis:  0,
		weight:     1,
		epsilon:    0,
		reduction:  ReductionPerSample,
		targetGrad: true,
	}
	if f == kernel.Gaussian {
		c.reduction = ReductionPerDistribution
	}
	return c
}

// Option changes one default of [KLDivLoss] and its relatives. Where two options say the same
// thing the later one holds.
type Option func(*config)

// WithFromLogits says in Gluon's words whether pred already holds
// log-probabilities: true, the default, is WithPredForm(LogProbs), false is
// WithPredForm(Logits). Keras gives the same name the opposite sense.
func WithFromLogits(fromLogits bool) Option {
	if fromLogits {
		return WithPredForm(LogProbs)
	}
	return WithPredForm(Logits)
}

// WithPredForm says what pred holds. Default LogProbs.
func WithPredForm(f Form) Option { return func(c *config) { c.predForm = f } }

// WithTargetForm says what target holds. Default Probs.
func WithTargetForm(f Form) Option { return func(c *config) { c.targetForm = f } }

// WithAxis sets the axis of the classes. Negative axes count from the end.
// Default -1.
func WithAxis(axis int) Option { return func(c *config) { c.axis = axis } }

// WithBatchAxis sets the axis of the samples, which ReductionPerSample,
// ReductionBatchMean and a sample weight of shape (N) refer to. Negative axes
// count from the end. Default 0.
func WithBatchAxis(axis int) Option { return func(c *config) { c.batchAxis = axis } }

// WithWeight multiplies the loss by a finite constant. 0 drops every element,
// infinite ones too. Default 1.
func WithWeight(w float64) Option { return func(c *config) { c.weight = w } }

// WithSampleWeight multiplies the elements by w, which has shape (N), one
// weight for each entry of the batch axis, or pred's rank with every dimension
// equal to pred's or 1. A zero drops its elements by selection: NaN and
// infinities there reach neither the loss nor a gradient. w has pred's dtype
// and is not differentiable: gradients treat it as a constant. Default none.
func WithSampleWeight(w *G.Node) Option {
	return func(c *config) { c.sampled, c.sampleWeight = true, w }
}

// WithMask keeps the distributions for which m is 1 and drops those for which it is 0:
// padding, or tokens that are not learned from. m has pred's dtype and shape without the
// class axis. A dropped distribution is left out by selection, so that NaN and infinities
// in it reach neither the loss nor a gradient. Means divide by what is kept:
// ReductionMean and ReductionPerSample by the elements, ReductionDistributionMean by the
// distributions, ReductionBatchMean by the entries of the batch axis of which any
// distribution is, ReductionWeightedMean by their weight. Where nothing is kept the loss
// and its gradients are 0. A value other than 0 and 1 is an error of RunAll. m is not
// differentiable. Default none.
func WithMask(m *G.Node) Option {
	return func(c *config) { c.masked, c.mask = true, m }
}

// WithTemperature softens both sides for distillation: with temperature T > 0 the
// distributions are softmax(x/T) of pred and of target, which are Logits, or LogProbs,
// renormalised. scaleT2 multiplies the loss by T², so that its gradients keep their size as
// T grows: Hinton, Vinyals and Dean, Distilling the knowledge in a neural network, 2015.
//
// Each side's quotient is a tensor of its own, and softened distributions are nearer to
// each other, which takes more accurate arithmetic: with T = 2 the loss and both gradients take
// 9 ns an element instead of 2 (BenchmarkOptions). Default none.
func WithTemperature(temperature float64, scaleT2 bool) Option {
	return func(c *config) { c.tempered, c.temperature, c.scaleT2 = true, temperature, scaleT2 }
}

// WithChecks looks at the values each time the loss is computed, and makes RunAll fail
// where they cannot be what their form says, instead of computing on: log-probabilities
// above 0 or whose probabilities do not sum to 1, negative probabilities or such that do
// not, NaN, logits without a finite one, and, where that makes the divergence infinite,
// distributions that have no class in common. The error names the argument, the first
// distribution, what was found, what was expected, and the option or the fault that is the
// likely cause. Dropped distributions are not looked at, and with a temperature both sides
// only as logits. A target that is meant to sum to something else, such as counts, fails too.
//
// Sums may be off 1 by ε·(16 + classes), ε being 2⁻²³ of float32 and 2⁻⁵² of float64: what
// rounding each number and adding them one by one can amount to. Checking logits on both sides
// takes 4.5 ns an element, where the loss and both gradients take 2 (BenchmarkOptions).
// Default false.
func WithChecks(on bool) Option { return func(c *config) { c.checks = on } }

// WithEpsilon adds eps ≥ 0 to the target inside its logarithm, for a target in
// form Probs: 1e-12 reproduces Gluon. Without it 0·log 0 is exactly 0 already.
// Default 0.
func WithEpsilon(eps float64) Option { return func(c *config) { c.epsilon = eps } }

// WithReduction sets how the elements are summed. Default ReductionPerSample,
// as in Gluon. Gorgonia's Grad wants a scalar cost: take ReductionBatchMean, or
// ReductionDistributionMean for sequences.
func WithReduction(r Reduction) Option { return func(c *config) { c.reduction = r } }

// WithTargetGrad says whether gradients flow into target. With false it is a
// constant: its gradient is neither built nor run, as with a teacher's output
// or an old policy. Default true.
func WithTargetGrad(differentiable bool) Option {
	return func(c *config) { c.targetGrad = differentiable }
}
