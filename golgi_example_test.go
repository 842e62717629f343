package kldivloss_test

import (
	"fmt"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
)

// A loss in golgi's form, func(yHat, y G.Input) (*G.Node, error).
func ExampleKLDivLoss_golgi() {
	lifted := G.Lift2(func(yHat, y *G.Node) (*G.Node, error) {
		return kldivloss.KLDivLoss(yHat, y, kldivloss.WithFromLogits(false), kldivloss.WithReduction(kldivloss.ReductionBatchMean))
	})
	loss := func(yHat, y G.Input) (*G.Node, error) {
		result := lifted(yHat, y)
		return result.Node(), result.Err()
	}

	g := G.NewGraph()
	yHat := G.NewMatrix(g, G.Float32, G.WithShape(8, 10), G.WithName("yHat"))
	y := G.NewMatrix(g, G.Float32, G.WithShape(8, 4), G.WithName("y"))
	cost, err := loss(yHat, yHat)
	fmt.Println(cost.IsScalar(), err)
	_, err = loss(yHat, y)
	fmt.Println(err)
	// Output:
	// true <nil>
	// KLDivLoss: target has shape (8, 4), expected (8, 10) as pred has: wrong shape
}
