//go:build !purego

package kernel

// The kernels of AVX-512, see dispatch_amd64.go.
var (
	narrowAVX512 = rowKernels[float32]{
		extremes32AVX512, logitsLoss32AVX512, logProbsLoss32AVX512, pairLoss32AVX512,
		negate32AVX512, logitsPred32AVX512, pairPred32AVX512, targetProbs32AVX512, pairTarget32AVX512,
		keepingLoss32AVX512, keepingPair32AVX512, keptPred32AVX512,
		exponentials32AVX512, pairExponentials32AVX512, dot32AVX512, centre32AVX512,
		logPairLoss32AVX512, pairLoss32AVX512, pairPred32AVX512, pairTarget32AVX512, negatePower32AVX512, logPairTarget32AVX512,
		nil, nil, nil, nil, nil, nil, nil, nil,
		judgeLogits64AVX512, judgePair64AVX512, settleLogits64AVX512, settlePair64AVX512, logarithms64AVX512,
		narrowLimits,
	}
	wideAVX512 = rowKernels[float32]{
		extremes32WideAVX512, logitsLoss32WideAVX512, logProbsLoss32WideAVX512, pairLoss32WideAVX512,
		negate32WideAVX512, logitsPred32WideAVX512, pairPred32WideAVX512, targetProbs32WideAVX512, pairTarget32WideAVX512,
		nil, nil, nil,
		exponentials32WideAVX512, pairExponentials32WideAVX512, dot32WideAVX512, centre32WideAVX512,
		logPairLoss32WideAVX512, mixedLoss32WideAVX512, mixedPred32WideAVX512, mixedTarget32WideAVX512, negatePower32WideAVX512, logPairTarget32WideAVX512,
		probsLoss32WideAVX512, probsPred32WideAVX512, probsTarget32WideAVX512,
		powersLoss32WideAVX512, powersPred32WideAVX512, powersTarget32WideAVX512,
		jensenSums32WideAVX512, jensenTarget32WideAVX512,
		judgeLogits64AVX512, judgePair64AVX512, settleLogits64AVX512, settlePair64AVX512, logarithms64AVX512,
		wideLimits,
	}
	doubleAVX512 = rowKernels[float64]{
		extremes64AVX512, logitsLoss64AVX512, logProbsLoss64AVX512, pairLoss64AVX512,
		negate64AVX512, logitsPred64AVX512, pairPred64AVX512, targetProbs64AVX512, pairTarget64AVX512,
		keepingLoss64AVX512, keepingPair64AVX512, keptPred64AVX512,
		exponentials64AVX512, pairExponentials64AVX512, dot64AVX512, centre64AVX512,
		logPairLoss64AVX512, mixedLoss64AVX512, mixedPred64AVX512, mixedTarget64AVX512, negatePower64AVX512, logPairTarget64AVX512,
		probsLoss64AVX512, probsPred64AVX512, probsTarget64AVX512,
		powersLoss64AVX512, powersPred64AVX512, powersTarget64AVX512,
		jensenSums64AVX512, jensenTarget64AVX512,
		judgeLogits64AVX512, judgePair64AVX512, settleLogits64AVX512, settlePair64AVX512, logarithms64AVX512,
		doubleLimits,
	}
)
