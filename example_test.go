package kldivloss_test

import (
	"fmt"
	"log"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A step of training: a batch of network outputs against a batch of targets. The
// default reduction gives a vector, one loss for each sample; ReductionBatchMean
// gives the scalar cost that gorgonia.Grad wants.
func Example() {
	g := G.NewGraph()
	logits := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]float64{
		0.39056206, 1.3068528, 0.39056206, -0.30258512, // softmax: 0.2, 0.5, 0.2, 0.1
		0, 0, 0, 0,
	})), G.WithName("logits"))
	target := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]float64{
		0.3, 0.4, 0.1, 0.2,
		0, 0.5, 0.5, 0,
	})), G.WithName("target"))

	cost, err := kldivloss.KLDivLoss(logits, target,
		kldivloss.WithFromLogits(false),
		kldivloss.WithReduction(kldivloss.ReductionBatchMean))
	if err != nil {
		log.Fatal(err)
	}
	grads, err := G.Grad(cost, logits)
	if err != nil {
		log.Fatal(err)
	}
	var loss, gradient G.Value
	G.Read(cost, &loss)
	G.Read(grads[0], &gradient)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("loss     %.4f\n", loss.Data())
	fmt.Printf("gradient %.3f\n", gradient.Data())
	// Output:
	// loss     0.3974
	// gradient [-0.050 0.050 0.050 -0.050 0.125 -0.125 -0.125 0.125]
}

// One prediction against three targets, the last of them itself, with Gluon's
// reduction, the default: the mean over the classes of each sample. The more alike
// the two distributions, the smaller the loss.
func ExampleKLDivLoss() {
	g := G.NewGraph()
	pred := G.NodeFromAny(g, tensor.New(tensor.WithShape(3, 4), tensor.WithBacking([]float64{
		0.2, 0.5, 0.2, 0.1,
		0.2, 0.5, 0.2, 0.1,
		0.2, 0.5, 0.2, 0.1,
	})), G.WithName("pred"))
	target := G.NodeFromAny(g, tensor.New(tensor.WithShape(3, 4), tensor.WithBacking([]float64{
		0.3, 0.4, 0.1, 0.2,
		0.1, 0.1, 0.1, 0.7,
		0.2, 0.5, 0.2, 0.1,
	})), G.WithName("target"))

	// By default pred holds log-probabilities.
	loss, err := kldivloss.KLDivLoss(pred, target, kldivloss.WithPredForm(kldivloss.Probs))
	if err != nil {
		log.Fatal(err)
	}
	var perSample G.Value
	G.Read(loss, &perSample)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.4f\n", perSample.Data())
	// Output: [0.0254 0.2656 0.0000]
}

// The divergence is not symmetric: the prediction comes first, the target second.
func ExampleKLDivLoss_orderMatters() {
	g := G.NewGraph()
	a := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.2, 0.5, 0.2, 0.1})), G.WithName("a"))
	b := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.1, 0.1, 0.1, 0.7})), G.WithName("b"))

	aPredictsB, err := kldivloss.KLDivLoss(a, b, kldivloss.WithPredForm(kldivloss.Probs))
	if err != nil {
		log.Fatal(err)
	}
	bPredictsA, err := kldivloss.KLDivLoss(b, a, kldivloss.WithPredForm(kldivloss.Probs))
	if err != nil {
		log.Fatal(err)
	}
	var ab, ba G.Value
	G.Read(aPredictsB, &ab)
	G.Read(bPredictsA, &ba)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("a predicts b %.4f\n", ab.Data())
	fmt.Printf("b predicts a %.4f\n", ba.Data())
	// Output:
	// a predicts b [0.2656]
	// b predicts a [0.2218]
}

// The raw outputs of a network go in with WithFromLogits(false), which is the same
// as taking their LogSoftmax first.
func ExampleKLDivLoss_fromLogits() {
	g := G.NewGraph()
	logits := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.39056206, 1.3068528, 0.39056206, -0.30258512})), G.WithName("logits"))
	target := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.3, 0.4, 0.1, 0.2})), G.WithName("target"))

	fromLogits, err := kldivloss.KLDivLoss(logits, target, kldivloss.WithFromLogits(false))
	if err != nil {
		log.Fatal(err)
	}
	logProbs, err := kldivloss.LogSoftmax(logits, -1)
	if err != nil {
		log.Fatal(err)
	}
	fromLogProbs, err := kldivloss.KLDivLoss(logProbs, target)
	if err != nil {
		log.Fatal(err)
	}
	var one, other G.Value
	G.Read(fromLogits, &one)
	G.Read(fromLogProbs, &other)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("from logits            %.4f\n", one.Data())
	fmt.Printf("from log-probabilities %.4f\n", other.Data())
	// Output:
	// from logits            [0.0254]
	// from log-probabilities [0.0254]
}

// A class that the prediction gives no mass and the target does makes the loss
// infinite. A class that the target gives no mass adds nothing, whatever the
// prediction.
func ExampleKLDivLoss_zeroMass() {
	g := G.NewGraph()
	full := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.2, 0.5, 0.2, 0.1})), G.WithName("full"))
	sparse := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0, 0.9, 0, 0.1})), G.WithName("sparse"))

	sparsePred, err := kldivloss.KLDivLoss(sparse, full, kldivloss.WithPredForm(kldivloss.Probs))
	if err != nil {
		log.Fatal(err)
	}
	sparseTarget, err := kldivloss.KLDivLoss(full, sparse, kldivloss.WithPredForm(kldivloss.Probs))
	if err != nil {
		log.Fatal(err)
	}
	var infinite, finite G.Value
	G.Read(sparsePred, &infinite)
	G.Read(sparseTarget, &finite)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("zeros in the prediction %.4f\n", infinite.Data())
	fmt.Printf("zeros in the target     %.4f\n", finite.Data())
	// Output:
	// zeros in the prediction [+Inf]
	// zeros in the target     [0.1323]
}

// The default reduction divides by the number of classes, four here. The true
// divergence is the sum over the classes: ReductionPerDistribution keeps one for
// each distribution, ReductionBatchMean and ReductionDistributionMean average them.
func ExampleKLDivLoss_aggregation() {
	g := G.NewGraph()
	pred := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]float64{
		0.2, 0.5, 0.2, 0.1,
		0.2, 0.5, 0.2, 0.1,
	})), G.WithName("pred"))
	target := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 4), tensor.WithBacking([]float64{
		0.3, 0.4, 0.1, 0.2,
		0.1, 0.1, 0.1, 0.7,
	})), G.WithName("target"))
	logPred := G.Must(G.Log(pred))

	reductions := []kldivloss.Reduction{
		kldivloss.ReductionPerSample,
		kldivloss.ReductionPerDistribution,
		kldivloss.ReductionBatchMean,
	}
	values := make([]G.Value, len(reductions))
	for i, reduction := range reductions {
		loss, err := kldivloss.KLDivLoss(logPred, target, kldivloss.WithReduction(reduction))
		if err != nil {
			log.Fatal(err)
		}
		G.Read(loss, &values[i])
	}

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	for i, reduction := range reductions {
		fmt.Printf("%-24v %.4f\n", reduction, values[i].Data())
	}
	// Output:
	// ReductionPerSample       [0.0254 0.2656]
	// ReductionPerDistribution [0.1017 1.0626]
	// ReductionBatchMean       0.5821
}
