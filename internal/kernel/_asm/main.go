// Command asm generates the AVX2 and FMA kernels of internal/kernel:
//
//	go run . -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg kernel
//
// generic.go of internal/kernel says in Go what each computes. Lanes are float32 or
// float64, see arithmetics.
package main

import . "github.com/mmcloughlin/avo/build"

func main() {
	ConstraintExpr("!purego")
	for _, a := range arithmetics {
		a.extremes("largest", "sets the shift of x.", false)
		a.extremes("extremes", "sets the shift of x, and its reach.", true)
		a.logitsLoss()
		a.logProbsLoss()
		a.pairLoss("pairLoss", false)
		a.pairLoss("pairExponentials", true)
		a.exponentials()
		a.combine()
		a.negate()
		a.targetProbs()
		a.pairTarget()
		a.dot()
		a.centre()
	}
	Generate()
}
