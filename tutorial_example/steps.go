package main

import (
	"github.com/kldivloss/kldivloss"
	"gorgonia.org/tensor"
)

// The tutorial's inputs, over four classes.
var (
	dist1   = []float64{0.2, 0.5, 0.2, 0.1}
	dist2   = []float64{0.3, 0.4, 0.1, 0.2}
	dist3   = []float64{0.1, 0.1, 0.1, 0.7}
	dist4   = []float64{0, 0.9, 0, 0.1}
	logits1 = []float64{0.39056206, 1.3068528, 0.39056206, -0.30258512} // their softmax is dist1
)

// The forms a prediction comes in. Gluon's tutorial takes the logarithm of the
// distributions itself.
var (
	fromProbs  = kldivloss.WithPredForm(kldivloss.Probs)
	fromLogits = kldivloss.WithFromLogits(false)
)

// unpublished stands where the tutorial prints no number.
const unpublished = "-"

// step is a section of the table.
type step struct {
	title string
	rows  []row
	note  string
}

// row is a value of ours beside the one that Gluon printed.
type row struct{ label, ours, gluon string }

func takeSteps() ([]step, error) {
	var steps []step
	for _, take := range []func() (step, error){
		compareThree, swapOrder, startFromLogits, meetZeros, aggregate, differentiate,
	} {
		s, err := take()
		if err != nil {
			return nil, err
		}
		steps = append(steps, s)
	}
	return steps, nil
}

func compareThree() (step, error) {
	return compare("1. Three distributions", []comparison{
		{"prediction 1, target 2", dist1, dist2, fromProbs, "0.025424212217330933"},
		{"prediction 1, target 3", dist1, dist3, fromProbs, "0.2656409740447998"},
		{"prediction 1, target 1", dist1, dist1, fromProbs, "0.0"},
	})
}

func swapOrder() (step, error) {
	return compare("2. Order matters", []comparison{
		{"prediction 2, target 1", dist2, dist1, fromProbs, unpublished},
		{"prediction 3, target 1", dist3, dist1, fromProbs, unpublished},
	})
}

func startFromLogits() (step, error) {
	return compare("3. From logits", []comparison{
		{"logits of 1, target 2", logits1, dist2, fromLogits, "0.025424206629395485"},
	})
}

func meetZeros() (step, error) {
	s, err := compare("4. Classes of zero probability", []comparison{
		{"prediction 4, target 1", dist4, dist1, fromProbs, "nan"},
		{"prediction 1, target 4", dist1, dist4, fromProbs, unpublished},
	})
	s.note = "Distribution 4 gives no mass to two classes that distribution 1 does: the\n" +
		"divergence is infinite. Gluon 2.x's nan is an artefact of its summation."
	return s, err
}

// aggregate compares the mean over the classes with their sum. The tutorial
// computes the sum with NumPy in float64, the rest in float32.
func aggregate() (step, error) {
	sum, err := evaluate(tensor.Float64, dist1, dist2, fromProbs, kldivloss.WithReduction(kldivloss.ReductionBatchMean))
	if err != nil {
		return step{}, err
	}
	mean, err := evaluate(tensor.Float32, dist1, dist2, fromProbs)
	if err != nil {
		return step{}, err
	}
	return step{
		title: "5. Aggregation: prediction 1, target 2",
		rows: []row{
			{"true divergence, the sum over classes", number(sum), "0.10169682996275987"},
			{"default, the mean over classes", number(mean), "0.025424212217330933"},
			{"default times 4 classes", number(4 * mean), "0.10169684886932373"},
		},
		note: "ReductionBatchMean gives the true divergence.",
	}, nil
}

func differentiate() (step, error) {
	direction := []float64{1, 0, 0, 0}
	gradient, product, err := derivatives(logits1, dist2, direction)
	if err != nil {
		return step{}, err
	}
	return step{
		title: "6. Derivatives: logits of 1, target 2, ReductionBatchMean (not in the tutorial)",
		rows: []row{
			{"gradient", vector(gradient), ""},
			{"vector v", vector(direction), ""},
			{"Hessian-vector product", vector(product), ""},
		},
	}, nil
}

// comparison is a loss by the default reduction, in float32 as in Gluon.
type comparison struct {
	label        string
	pred, target []float64
	form         kldivloss.Option
	gluon        string
}

func compare(title string, comparisons []comparison) (step, error) {
	s := step{title: title}
	for _, c := range comparisons {
		loss, err := evaluate(tensor.Float32, c.pred, c.target, c.form)
		if err != nil {
			return step{}, err
		}
		s.rows = append(s.rows, row{c.label, number(loss), c.gluon})
	}
	return s, nil
}
