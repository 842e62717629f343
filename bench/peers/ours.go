package main

import (
	"fmt"
	"math"
	"time"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// program is a graph that computes a workload, and its results.
type program struct {
	graph       *G.ExprGraph
	cost        *G.Node
	derivatives G.Nodes
}

// builder makes a fresh program of a workload: Gorgonia's Grad works once on a
// graph.
type builder func(workload, data) (*program, error)

// beta is the weight of the target in the Jensen–Shannon divergence, peer.py's too.
const beta = 0.5

// ours is the loss in a graph, as in the README.
func ours(w workload, d data) (*program, error) {
	g := G.NewGraph()
	x, t := input(g, "x", w, d.x), input(g, "t", w, d.t)
	opts := []kldivloss.Option{
		kldivloss.WithPredForm(formOf(w.mode.pred())),
		kldivloss.WithTargetForm(formOf(w.mode.target())),
		kldivloss.WithReduction(kldivloss.ReductionBatchMean),
		kldivloss.WithTargetGrad(w.mode.targetGradient()),
	}
	loss := kldivloss.KLDivLoss
	if w.mode == jensen {
		loss = func(x, t *G.Node, opts ...kldivloss.Option) (*G.Node, error) {
			return kldivloss.JSDivLoss(x, t, beta, opts...)
		}
	}
	cost, err := loss(x, t, opts...)
	if err != nil {
		return nil, err
	}
	p := &program{graph: g, cost: cost}
	switch {
	case w.mode == forward:
	case w.mode == product:
		v := input(g, "v", w, d.v)
		p.derivatives, err = kldivloss.HessianVectorProduct(cost, G.Nodes{x}, G.Nodes{v})
	case w.mode.targetGradient():
		p.derivatives, err = G.Grad(cost, x, t)
	default:
		p.derivatives, err = G.Grad(cost, x)
	}
	return p, err
}

func formOf(f form) kldivloss.Form {
	return map[form]kldivloss.Form{
		logitsForm:   kldivloss.Logits,
		probsForm:    kldivloss.Probs,
		logProbsForm: kldivloss.LogProbs,
	}[f]
}

// composed is the loss written with Gorgonia's primitives: Σt·(log t −
// LogSoftMax(x))/N. It has one softmax of x only, as Gorgonia takes two for one.
func composed(w workload, d data) (*program, error) {
	g := G.NewGraph()
	x, t := input(g, "x", w, d.x), input(g, "t", w, d.t)
	logQ, err := G.LogSoftMax(x, 1)
	if err != nil {
		return nil, err
	}
	logP, err := G.Log(t)
	if err != nil {
		return nil, err
	}
	ratio, err := G.Sub(logP, logQ)
	if err != nil {
		return nil, err
	}
	elements, err := G.HadamardProd(t, ratio)
	if err != nil {
		return nil, err
	}
	sum, err := G.Sum(elements)
	if err != nil {
		return nil, err
	}
	cost, err := G.Div(sum, constant(w, "n", float64(w.rows)))
	if err != nil {
		return nil, err
	}
	p := &program{graph: g, cost: cost}
	if w.mode != forward {
		p.derivatives, err = G.Grad(cost, x)
	}
	return p, err
}

func input(g *G.ExprGraph, name string, w workload, backing any) *G.Node {
	value := tensor.New(tensor.WithShape(w.rows, w.classes), tensor.WithBacking(backing))
	return G.NodeFromAny(g, value, G.WithName(name))
}

// constant is a scalar of a workload's type.
func constant(w workload, name string, value float64) *G.Node {
	var v any = value
	if w.dtype == "float32" {
		v = float32(value)
	}
	return G.NewConstant(v, G.WithName(name))
}

// machine runs a program the way users do.
type machine struct{ vm G.VM }

func (b builder) machine(w workload, d data) (machine, error) {
	p, err := b(w, d)
	if err != nil {
		return machine{}, err
	}
	return machine{G.NewTapeMachine(p.graph)}, nil
}

func (m machine) run(reps int) (time.Duration, error) {
	start := time.Now()
	for range reps {
		if err := m.vm.RunAll(); err != nil {
			return 0, err
		}
		m.vm.Reset()
	}
	return time.Since(start), nil
}

func (m machine) contender(name string) contender { return contender{name, m.run} }

// result is what a program computes: the loss, and the Euclidean norm of all
// derivatives together.
type result struct{ Value, Norm float64 }

// check runs a program once.
func (b builder) check(w workload, d data) (result, error) {
	p, err := b(w, d)
	if err != nil {
		return result{}, err
	}
	cost, derivatives := new(G.Value), make([]G.Value, len(p.derivatives))
	G.Read(p.cost, cost)
	for i, n := range p.derivatives {
		G.Read(n, &derivatives[i])
	}
	vm := G.NewTapeMachine(p.graph)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		return result{}, err
	}
	squares := 0.0
	for _, derivative := range derivatives {
		squares += sumSquares(derivative)
	}
	return result{scalar(*cost), math.Sqrt(squares)}, nil
}

func scalar(v G.Value) float64 {
	switch x := v.Data().(type) {
	case float32:
		return float64(x)
	case float64:
		return x
	}
	return math.NaN()
}

func sumSquares(v G.Value) float64 {
	sum := 0.0
	switch x := v.Data().(type) {
	case []float32:
		for _, xi := range x {
			sum += float64(xi) * float64(xi)
		}
	case []float64:
		for _, xi := range x {
			sum += xi * xi
		}
	default:
		return math.NaN()
	}
	return sum
}

// agree reports as an error that two sides did not compute the same thing. The
// losses may differ by a fraction of tolerance, the derivatives by 1e-3.
func agree(what string, got, want result, tolerance float64) error {
	if !(relative(got.Value, want.Value) <= tolerance) || !(relative(got.Norm, want.Norm) <= 1e-3) {
		return fmt.Errorf("%s: loss and norm of the derivatives are %v, expected %v", what, got, want)
	}
	return nil
}

// relative is the relative error of got, 0 where both are 0.
func relative(got, want float64) float64 {
	if got == want {
		return 0
	}
	return math.Abs(got-want) / math.Abs(want)
}
