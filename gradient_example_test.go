package kldivloss_test

import (
	"fmt"
	"log"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Gradients with respect to both sides. That of the logits is the predicted
// distribution less the target's. Grad may be called again on the same nodes,
// where gorgonia.Grad would silently lose terms.
func ExampleGrad() {
	g := G.NewGraph()
	pred := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.39056206, 1.3068528, 0.39056206, -0.30258512})), G.WithName("pred"))
	target := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0, 0, 0, 0})), G.WithName("target"))

	cost, err := kldivloss.KLDivLoss(pred, target,
		kldivloss.WithPredForm(kldivloss.Logits),
		kldivloss.WithTargetForm(kldivloss.Logits),
		kldivloss.WithReduction(kldivloss.ReductionBatchMean))
	if err != nil {
		log.Fatal(err)
	}
	grads, err := kldivloss.Grad(cost, pred, target)
	if err != nil {
		log.Fatal(err)
	}
	var wrtPred, wrtTarget G.Value
	G.Read(grads[0], &wrtPred)
	G.Read(grads[1], &wrtTarget)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("pred   %.3f\n", wrtPred.Data())
	fmt.Printf("target %.3f\n", wrtTarget.Data())
	// Output:
	// pred   [-0.050 0.250 -0.050 -0.150]
	// target [0.014 -0.215 0.014 0.187]
}

// The Hessian of the divergence with respect to the logits is diag(q) − qqᵀ, q being
// the predicted distribution. Its product with the first unit vector is its first
// column; no matrix is built.
func ExampleHessianVectorProduct() {
	g := G.NewGraph()
	logits := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.39056206, 1.3068528, 0.39056206, -0.30258512})), G.WithName("logits"))
	target := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{0.3, 0.4, 0.1, 0.2})), G.WithName("target"))
	v := G.NodeFromAny(g, tensor.New(tensor.WithShape(1, 4),
		tensor.WithBacking([]float64{1, 0, 0, 0})), G.WithName("v"))

	cost, err := kldivloss.KLDivLoss(logits, target,
		kldivloss.WithFromLogits(false),
		kldivloss.WithReduction(kldivloss.ReductionBatchMean))
	if err != nil {
		log.Fatal(err)
	}
	products, err := kldivloss.HessianVectorProduct(cost, G.Nodes{logits}, G.Nodes{v})
	if err != nil {
		log.Fatal(err)
	}
	var product G.Value
	G.Read(products[0], &product)

	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.3f\n", product.Data())
	// Output: [0.160 -0.100 -0.040 -0.020]
}
