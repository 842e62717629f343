package kldivloss_test

import (
	"fmt"
	"log"
	"math"
	"strings"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// matrix is an input of two rows.
func matrix(g *G.ExprGraph, name string, x ...float64) *G.Node {
	v := tensor.New(tensor.WithShape(2, len(x)/2), tensor.WithBacking(x))
	return G.NodeFromAny(g, v, G.WithName(name))
}

// complain prints the error of building a loss, or else of running it.
func complain(g *G.ExprGraph, _ *G.Node, err error) {
	if err == nil {
		vm := G.NewTapeMachine(g)
		defer vm.Close()
		err = vm.RunAll()
	}
	message := err.Error()
	if _, after, ran := strings.Cut(message, "op.Do(): "); ran {
		message = after // without what Gorgonia puts before it
	}
	fmt.Println(message)
}

// A softmax's output is no logarithm.
func ExampleWithChecks() {
	g := G.NewGraph()
	probs := matrix(g, "probs", 0.1, 0.9, 0.3, 0.7)
	target := matrix(g, "target", 0.5, 0.5, 0, 1)
	loss, err := kldivloss.KLDivLoss(probs, target, kldivloss.WithChecks(true))
	complain(g, loss, err)
	// Output:
	// KLDivLoss: pred has 0.1 in distribution [0], expected logarithms of probabilities, at most 0: it looks like Probs, which WithPredForm(Probs) takes: wrong value at run time
}

// A teacher's scores are no probabilities.
func ExampleWithChecks_scoresAsTarget() {
	g := G.NewGraph()
	student := matrix(g, "student", 2, 1, 0, 3)
	teacher := matrix(g, "teacher", 3, -1, 0.5, 4)
	loss, err := kldivloss.KLDivLoss(student, teacher, kldivloss.WithFromLogits(false), kldivloss.WithChecks(true))
	complain(g, loss, err)
	// Output:
	// KLDivLoss: target has -1 in distribution [0], expected probabilities of at least 0: it may be raw scores, which WithTargetForm(Logits) takes, or not normalised: wrong value at run time
}

// Padding holds whatever it holds: WithMask leaves it out.
func ExampleWithChecks_paddedRow() {
	g := G.NewGraph()
	logits := matrix(g, "logits", 2, 1, math.NaN(), math.NaN())
	target := matrix(g, "target", 0.5, 0.5, 0, 0)
	loss, err := kldivloss.KLDivLoss(logits, target, kldivloss.WithFromLogits(false), kldivloss.WithChecks(true))
	complain(g, loss, err)
	// Output:
	// KLDivLoss: pred has NaN in distribution [1], expected numbers: wrong value at run time
}

// The mean is over what is kept, and padding reaches neither it nor a gradient.
func ExampleWithMask() {
	g := G.NewGraph()
	mask := G.NodeFromAny(g, tensor.New(tensor.WithShape(2), tensor.WithBacking([]float64{1, 0})), G.WithName("mask"))
	masked, err := kldivloss.KLDivLoss(matrix(g, "logits", 2, 1, math.NaN(), math.NaN()), matrix(g, "target", 0.5, 0.5, 0, 0),
		kldivloss.WithFromLogits(false), kldivloss.WithChecks(true), kldivloss.WithMask(mask),
		kldivloss.WithReduction(kldivloss.ReductionDistributionMean))
	if err != nil {
		log.Fatal(err)
	}
	run([]string{"with a mask"}, masked)
	// Output:
	// with a mask 0.1201
}

// A temperature divides scores, of which probabilities have none.
func ExampleWithTemperature_probabilities() {
	g := G.NewGraph()
	student := matrix(g, "student", 2, 1, 0, 3)
	teacher := matrix(g, "teacher", 0.9, 0.1, 0.2, 0.8)
	loss, err := kldivloss.KLDivLoss(student, teacher, kldivloss.WithFromLogits(false), kldivloss.WithTemperature(2, true))
	complain(g, loss, err)
	// Output:
	// KLDivLoss: temperature is 2 for a target in form Probs, expected Logits or LogProbs: probabilities have no scores to divide: wrong option
}
