package kldivloss_test

import (
	"fmt"
	"log"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Raw scores become probabilities along an axis, here the last.
func ExampleSoftmax() {
	g := G.NewGraph()
	logits := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.39056206, 1.3068528, 0.39056206, -0.30258512})), G.WithName("logits"))

	softmax, err := kldivloss.Softmax(logits, -1)
	if err != nil {
		log.Fatal(err)
	}
	var probs G.Value
	G.Read(softmax, &probs)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", probs.Data())
	// Output: [0.200 0.500 0.200 0.100]
}

// Scores far apart: the probability of the last class underflows to 0, its
// logarithm does not.
func ExampleLogSoftmax() {
	g := G.NewGraph()
	logits := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 3),
		tensor.WithBacking([]float64{1000, 1000, 0})), G.WithName("logits"))

	logSoftmax, err := kldivloss.LogSoftmax(logits, -1)
	if err != nil {
		log.Fatal(err)
	}
	var logProbs G.Value
	G.Read(logSoftmax, &logProbs)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", logProbs.Data())
	// Output: [-0.693 -0.693 -1000.693]
}
