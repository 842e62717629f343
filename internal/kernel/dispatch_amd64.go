//go:build !purego

package kernel

import (
	"math"

	"golang.org/x/sys/cpu"
)

//go:generate sh -c "cd _asm && go run . -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg kernel"

var kernels32, kernels64 = detect()

func detect() ([]*rowKernels[float32], []*rowKernels[float64]) {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return generic32, generic64
	}
	return []*rowKernels[float32]{&narrow, &wide}, []*rowKernels[float64]{&double}
}

// narrow computes float32 in lanes of float32, wide in lanes of float64, for the rows
// that narrow is not accurate enough for.
var (
	narrow = rowKernels[float32]{
		extremes32, logitsLoss32, logProbsLoss32, pairLoss32,
		negate32, logitsPred32, pairPred32, targetProbs32, pairTarget32,
		exponentials32, pairExponentials32, dot32, centre32,
		logPairLoss32, pairLoss32, pairPred32, pairTarget32, negatePower32, logPairTarget32,
		nil, nil, nil, nil, nil, nil, nil, nil,
		limits{minClasses: 16, minRatio: 0.45, perPartition: 0.3, ofPowers: 0.2, minGradient: 0x1p-10, minMass: 0x1p-60, maxReach: 86, maxFall: 1 << 18, maxShift: 1 << 16, stored: 1, shiftLast: true},
	}
	wide = rowKernels[float32]{
		extremes32Wide, logitsLoss32Wide, logProbsLoss32Wide, pairLoss32Wide,
		negate32Wide, logitsPred32Wide, pairPred32Wide, targetProbs32Wide, pairTarget32Wide,
		exponentials32Wide, pairExponentials32Wide, dot32Wide, centre32Wide,
		logPairLoss32Wide, mixedLoss32Wide, mixedPred32Wide, mixedTarget32Wide, negatePower32Wide, logPairTarget32Wide,
		probsLoss32Wide, probsPred32Wide, probsTarget32Wide,
		powersLoss32Wide, powersPred32Wide, powersTarget32Wide,
		jensenSums32Wide, jensenTarget32Wide,
		limits{minClasses: 2, minRatio: 0x1p-10, minGradient: 0x1p-10, maxReach: math.Inf(1), maxFall: math.Inf(1), maxShift: 1 << 16, stored: 1 << 32},
	}
	double = rowKernels[float64]{
		extremes64, logitsLoss64, logProbsLoss64, pairLoss64,
		negate64, logitsPred64, pairPred64, targetProbs64, pairTarget64,
		exponentials64, pairExponentials64, dot64, centre64,
		logPairLoss64, mixedLoss64, mixedPred64, mixedTarget64, negatePower64, logPairTarget64,
		probsLoss64, probsPred64, probsTarget64,
		powersLoss64, powersPred64, powersTarget64,
		jensenSums64, jensenTarget64,
		limits{minClasses: 2, minRatio: 0.125, perPartition: 0.03, minGradient: 0x1p-6, minMass: 0x1p-900, maxReach: math.Inf(1), maxFall: math.Inf(1), maxShift: 1 << 16, stored: 1},
	}
)
