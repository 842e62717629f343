// Command asm generates the kernels of internal/kernel, for AVX2 and FMA and for AVX-512:
//
//	go run . -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg kernel
//	go run . -avx512 -out ../rows_avx512_amd64.s -stubs ../rows_avx512_amd64.go -pkg kernel
//
// generic.go of internal/kernel says in Go what each computes. Lanes are float32 or
// float64, see arithmetics.
package main

import (
	"flag"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
)

func main() {
	wide := flag.Bool("avx512", false, "generate the kernels of AVX-512")
	flag.Parse()
	if *wide {
		target = avx512
	}
	ConstraintExpr("!purego")
	for _, a := range arithmetics {
		a.extremes()
		a.logitsLoss("logitsLoss", dropped)
		a.logProbsLoss()
		a.pairLoss("pairLoss", dropped, turn.exponentOf)
		a.negate()
		a.logitsPred()
		a.pairPred("pairPred", turn.exponentOf)
		a.targetProbs()
		a.pairTarget("pairTarget", turn.exponentOf)
		a.exponentials()
		a.pairLoss("pairExponentials", stored, turn.exponentOf)
		a.dot()
		a.centre()
		a.logPairLoss()
		a.negatePower()
		a.logPairTarget()
		if a.size == a.lane { // else storing exponentials would round them
			a.logitsLoss("keepingLoss", kept)
			a.pairLoss("keepingPair", kept, turn.exponentOf)
			a.keptPred()
		}
		if !a.single() { // whose powers are those of logits, and have no bits to spare near 1
			a.pairLoss("mixedLoss", dropped, turn.logPowerOf)
			a.pairPred("mixedPred", turn.powerOf)
			a.pairTarget("mixedTarget", turn.logPowerOf)
			a.probsLoss()
			a.probsPred()
			a.probsTarget()
			a.powersLoss()
			a.powersPred()
			a.powersTarget()
			a.jensenSums()
			a.jensenTarget()
		}
	}
	records := arithmetics[len(arithmetics)-1]
	records.judge("judgeLogits", "judges sums of logitsLoss.", false)
	records.judge("judgePair", "judges sums of pairLoss.", true)
	records.settle("settleLogits", "settles losses of sums of logitsLoss.", false)
	records.settle("settlePair", "settles losses of sums of pairLoss.", true)
	records.logarithms()
	pass.Compile = pass.Concat(pass.FunctionPass(schedule), pass.Compile)
	Generate()
}
