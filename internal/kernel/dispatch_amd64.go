//go:build !purego

package kernel

import "golang.org/x/sys/cpu"

//go:generate sh -c "cd _asm && go run . -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg kernel"

var vectors32, vectors64 = detect()

func detect() (*vectorKernels[float32], *vectorKernels[float64]) {
	if !cpu.X86.HasAVX2 || !cpu.X86.HasFMA {
		return nil, nil
	}
	narrow := &narrowKernels[float32]{expRowNarrow, combineNarrow, logitPairGradientNarrow}
	return &vectorKernels[float32]{
			rowRange32, 8, logitsLoss32, logProbsLoss32, logitPairLoss32, expRow32, combine32,
			logitPairGradient32, targetLogitsGradient32, targetProbsGradient32, dot32, centre32, narrow, 0x1p-10,
		}, &vectorKernels[float64]{
			rowRange64, 4, logitsLoss64, logProbsLoss64, logitPairLoss64, expRow64, combine64,
			logitPairGradient64, targetLogitsGradient64, targetProbsGradient64, dot64, centre64, nil, 0x1p-6,
		}
}
