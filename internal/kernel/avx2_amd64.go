//go:build !purego

package kernel

// The kernels of AVX2 and FMA, see dispatch_amd64.go.
var (
	narrowAVX2 = rowKernels[float32]{
		extremes32, logitsLoss32, logProbsLoss32, pairLoss32,
		negate32, logitsPred32, pairPred32, targetProbs32, pairTarget32,
		keepingLoss32, keepingPair32, keptPred32,
		exponentials32, pairExponentials32, dot32, centre32,
		logPairLoss32, pairLoss32, pairPred32, pairTarget32, negatePower32, logPairTarget32,
		nil, nil, nil, nil, nil, nil, nil, nil,
		judgeLogits64, judgePair64, settleLogits64, settlePair64, logarithms64,
		narrowLimits,
	}
	wideAVX2 = rowKernels[float32]{
		extremes32Wide, logitsLoss32Wide, logProbsLoss32Wide, pairLoss32Wide,
		negate32Wide, logitsPred32Wide, pairPred32Wide, targetProbs32Wide, pairTarget32Wide,
		nil, nil, nil,
		exponentials32Wide, pairExponentials32Wide, dot32Wide, centre32Wide,
		logPairLoss32Wide, mixedLoss32Wide, mixedPred32Wide, mixedTarget32Wide, negatePower32Wide, logPairTarget32Wide,
		probsLoss32Wide, probsPred32Wide, probsTarget32Wide,
		powersLoss32Wide, powersPred32Wide, powersTarget32Wide,
		jensenSums32Wide, jensenTarget32Wide,
		judgeLogits64, judgePair64, settleLogits64, settlePair64, logarithms64,
		wideLimits,
	}
	doubleAVX2 = rowKernels[float64]{
		extremes64, logitsLoss64, logProbsLoss64, pairLoss64,
		negate64, logitsPred64, pairPred64, targetProbs64, pairTarget64,
		keepingLoss64, keepingPair64, keptPred64,
		exponentials64, pairExponentials64, dot64, centre64,
		logPairLoss64, mixedLoss64, mixedPred64, mixedTarget64, negatePower64, logPairTarget64,
		probsLoss64, probsPred64, probsTarget64,
		powersLoss64, powersPred64, powersTarget64,
		jensenSums64, jensenTarget64,
		judgeLogits64, judgePair64, settleLogits64, settlePair64, logarithms64,
		doubleLimits,
	}
)
