package main

import "fmt"

// workload is one computation, done by every side.
type workload struct {
	rows, classes int
	dtype         string // float32 or float64
	mode          mode
	threads       int
}

func (w workload) elements() int { return w.rows * w.classes }
func (w workload) shape() string { return fmt.Sprintf("%d×%d", w.rows, w.classes) }

// mode says what is computed, of inputs in which forms. peer.py knows the names.
type mode string

const (
	forward       mode = "loss"
	gradient      mode = "loss+∂pred"
	bothGradients mode = "loss+both"
	pairGradient  mode = "logits/loss+∂pred"
	pairBoth      mode = "logits/loss+both"
	logProbs      mode = "logprobs/loss+∂pred"
	logPair       mode = "log_target/loss+∂pred"
	probsPair     mode = "probs/loss+∂pred"
	jensen        mode = "jensen/loss+∂pred"
	product       mode = "hvp"

	// Of the kernels alone.
	afterLoss    mode = "∂pred after the loss"
	logProbsLoss mode = "logprobs/loss"
)

type form int

const (
	logitsForm form = iota
	probsForm
	logProbsForm
)

func (m mode) pred() form {
	switch m {
	case logProbs, logProbsLoss, logPair:
		return logProbsForm
	case probsPair:
		return probsForm
	}
	return logitsForm
}

func (m mode) target() form {
	switch m {
	case pairGradient, pairBoth, jensen:
		return logitsForm
	case logPair:
		return logProbsForm
	}
	return probsForm
}

// targetGradient reports whether the target is differentiated too.
func (m mode) targetGradient() bool { return m == bothGradients || m == pairBoth }

// gradients is how many results of pred's size there are.
func (m mode) gradients() int {
	switch {
	case m == forward:
		return 0
	case m.targetGradient():
		return 2
	}
	return 1
}

// comparison is one row of the table: a workload, and what the ratios of the
// others' time to ours shall reach. A target of 0 is none.
type comparison struct {
	workload
	eagerTarget, bestTarget, composedTarget float64
}

// section is a part of the table.
type section struct {
	title string
	rows  []comparison
}

var shapes = [][2]int{{1024, 1000}, {4096, 128}, {32, 50257}, {256, 32000}}

// sections lists what is compared. On one thread everything is; on more, the loss
// and the gradient of pred.
func sections(threads []int, quick bool) []section {
	shapes := shapes
	if quick {
		shapes = shapes[:2]
	}
	// each makes one comparison a shape.
	each := func(title string, threads int, dtype string, m mode, targets func(classes int) (eager, best, composed float64)) section {
		s := section{title: title}
		for _, shape := range shapes {
			c := comparison{workload: workload{shape[0], shape[1], dtype, m, threads}}
			c.eagerTarget, c.bestTarget, c.composedTarget = targets(shape[1])
			s.rows = append(s.rows, c)
		}
		return s
	}
	always := func(eager, best, composed float64) func(int) (float64, float64, float64) {
		return func(int) (float64, float64, float64) { return eager, best, composed }
	}
	var all []section
	for _, n := range threads {
		if n != 1 {
			targets := always(0, 0, 0)
			if n == 2 {
				targets = twoThreads
			}
			all = append(all,
				each(fmt.Sprintf("float32, loss and ∂pred, %d threads", n), n, "float32", gradient, targets),
				each(fmt.Sprintf("float32, loss alone, %d threads", n), n, "float32", forward, targets),
				each(fmt.Sprintf("float64, loss and ∂pred, %d threads", n), n, "float64", gradient, targets),
			)
			continue
		}
		all = append(all,
			each("float32, loss and ∂pred, 1 thread", 1, "float32", gradient, always(7, 4, 50)),
			each("float32, loss alone, 1 thread", 1, "float32", forward, always(7, 3.5, 0)),
			each("float64, loss and ∂pred, 1 thread", 1, "float64", gradient, always(5, 4, 25)),
			each("Both gradients, float32, 1 thread", 1, "float32", bothGradients, always(8, 0, 0)),
			each("Logits on both sides, loss and ∂pred, float32, 1 thread", 1, "float32", pairGradient, always(5, 0, 0)),
			each("Logits on both sides, loss and both gradients, float32, 1 thread", 1, "float32", pairBoth, always(5, 0, 0)),
			each("Log-probabilities as pred, loss and ∂pred, float32, 1 thread", 1, "float32", logProbs, always(3, 0, 0)),
			each("Log-probabilities on both sides, loss and ∂pred, float32, 1 thread", 1, "float32", logPair, always(0, 0, 0)),
			each("Probabilities on both sides, loss and ∂pred, float32, 1 thread", 1, "float32", probsPair, always(0, 0, 0)),
			each("Jensen–Shannon divergence of logits, loss and ∂pred, float32, 1 thread", 1, "float32", jensen, always(0, 0, 0)),
			section{"A small batch, loss and ∂pred, 1 thread", []comparison{
				{workload{128, 10, "float32", gradient, 1}, 5, 0, 0},
				{workload{128, 10, "float64", gradient, 1}, 5, 0, 0},
			}},
			section{"Loss, gradient and Hessian–vector product, 1 thread", []comparison{
				{workload{1024, 1000, "float32", product, 1}, 3, 0, 0},
			}},
		)
	}
	return all
}

func twoThreads(classes int) (eager, best, composed float64) {
	if classes == 128 {
		return 4, 2, 0
	}
	return 5, 3, 0
}
