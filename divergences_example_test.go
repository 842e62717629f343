package kldivloss_test

import (
	"fmt"
	"log"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// run prints the values of nodes of one graph.
func run(names []string, nodes ...*G.Node) {
	values := make([]G.Value, len(nodes))
	for i, n := range nodes {
		G.Read(n, &values[i])
	}
	vm := G.NewTapeMachine(nodes[0].Graph())
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	for i, name := range names {
		fmt.Printf("%s %.4f\n", name, values[i].Data())
	}
}

// A student's and a teacher's distributions: the divergence is finite even where they have
// no class in common, and with β = ½ at most ln 2 = 0.6931.
func ExampleJSDivLoss() {
	g := G.NewGraph()
	student := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2),
		tensor.WithBacking([]float64{0.5, 0.5, 0, 1})), G.WithName("student"))
	teacher := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2),
		tensor.WithBacking([]float64{1, 0, 1, 0})), G.WithName("teacher"))
	loss, err := kldivloss.JSDivLoss(student, teacher, 0.5,
		kldivloss.WithPredForm(kldivloss.Probs),
		kldivloss.WithReduction(kldivloss.ReductionPerDistribution))
	if err != nil {
		log.Fatal(err)
	}
	run([]string{"divergence"}, loss)
	// Output:
	// divergence [0.2158 0.6931]
}

// Jeffreys' divergence is the sum of both directions.
func ExampleSymmetricKL() {
	g := G.NewGraph()
	a := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.2, 0.5, 0.2, 0.1})), G.WithName("a"))
	b := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.1, 0.1, 0.1, 0.7})), G.WithName("b"))
	options := []kldivloss.Option{kldivloss.WithPredForm(kldivloss.Probs), kldivloss.WithReduction(kldivloss.ReductionSum)}
	forward, err := kldivloss.KLDivLoss(a, b, options...)
	if err != nil {
		log.Fatal(err)
	}
	reverse, err := kldivloss.KLDivLoss(b, a, options...)
	if err != nil {
		log.Fatal(err)
	}
	both, err := kldivloss.SymmetricKL(a, b, options...)
	if err != nil {
		log.Fatal(err)
	}
	run([]string{"KL(b‖a)", "KL(a‖b)", "both   "}, forward, reverse, both)
	// Output:
	// KL(b‖a) 1.0626
	// KL(a‖b) 0.8874
	// both    1.9500
}

// The KL term of a variational autoencoder with two Gaussian latents, for two images.
func ExampleGaussianKL() {
	g := G.NewGraph()
	mean := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2),
		tensor.WithBacking([]float64{0, 0, 1, -2})), G.WithName("mean"))
	logvar := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2),
		tensor.WithBacking([]float64{0, 0, 0, -1})), G.WithName("logvar"))
	kl, err := kldivloss.GaussianKL(mean, logvar)
	if err != nil {
		log.Fatal(err)
	}
	run([]string{"nats"}, kl)
	// Output:
	// nats [0.0000 2.6839]
}

// The same from a prior that is learned.
func ExampleGaussianKLFrom() {
	g := G.NewGraph()
	vector := func(name string, x ...float64) *G.Node {
		return G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 2), tensor.WithBacking(x)), G.WithName(name))
	}
	kl, err := kldivloss.GaussianKLFrom(
		vector("mean", 1, -2), vector("logvar", 0, -1),
		vector("prior mean", 1, -1), vector("prior logvar", 0, 0))
	if err != nil {
		log.Fatal(err)
	}
	run([]string{"nats"}, kl)
	// Output:
	// nats [0.6839]
}

// The mean divergence of distributions that do not count alike.
func ExampleWithReduction_weightedMean() {
	g := G.NewGraph()
	pred := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2),
		tensor.WithBacking([]float64{0.5, 0.5, 0.25, 0.75})), G.WithName("pred"))
	target := G.NodeFromAny(g, tensor.New(tensor.WithShape(2, 2),
		tensor.WithBacking([]float64{1, 0, 1, 0})), G.WithName("target"))
	weight := G.NodeFromAny(g, tensor.New(tensor.WithShape(2),
		tensor.WithBacking([]float64{3, 1})), G.WithName("weight"))
	loss, err := kldivloss.KLDivLoss(pred, target,
		kldivloss.WithPredForm(kldivloss.Probs),
		kldivloss.WithSampleWeight(weight),
		kldivloss.WithReduction(kldivloss.ReductionWeightedMean))
	if err != nil {
		log.Fatal(err)
	}
	run([]string{"(3 ln 2 + ln 4) / 4 ="}, loss)
	// Output:
	// (3 ln 2 + ln 4) / 4 = 0.8664
}
