package kldivloss_test

import (
	"fmt"
	"log"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Distillation of a language model: the student learns the teacher's softened
// distributions over the vocabulary, token by token, but for the padding.
func ExampleWithTemperature_distillation() {
	const batch, time, vocabulary = 2, 3, 5
	g := G.NewGraph()
	random := G.WithInit(G.Gaussian(0, 1))
	student := G.NewTensor(g, tensor.Float64, 3, G.WithShape(batch, time, vocabulary), G.WithName("student"), random)
	teacher := G.NewTensor(g, tensor.Float64, 3, G.WithShape(batch, time, vocabulary), G.WithName("teacher"), random)
	mask := G.NodeFromAny(g, tensor.New(tensor.WithShape(batch, time),
		tensor.WithBacking([]float64{1, 1, 1, 1, 0, 0})), G.WithName("mask"))

	cost, err := kldivloss.KLDivLoss(student, teacher,
		kldivloss.WithFromLogits(false), kldivloss.WithTargetForm(kldivloss.Logits),
		kldivloss.WithTargetGrad(false), // the teacher does not learn
		kldivloss.WithTemperature(2, true), kldivloss.WithMask(mask),
		kldivloss.WithReduction(kldivloss.ReductionDistributionMean))
	if err != nil {
		log.Fatal(err)
	}
	var loss G.Value
	G.Read(cost, &loss)
	if _, err := G.Grad(cost, student); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(student))
	defer vm.Close()
	solver := G.NewAdamSolver(G.WithLearnRate(0.1))
	for range 300 {
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		if err := solver.Step(G.NodesToValueGrads(G.Nodes{student})); err != nil {
			log.Fatal(err)
		}
		vm.Reset()
	}
	fmt.Println("learned:", loss.Data().(float64) < 1e-6)
	// Output: learned: true
}
