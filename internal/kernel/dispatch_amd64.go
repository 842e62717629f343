//go:build !purego

package kernel

import (
	"math"

	"golang.org/x/sys/cpu"
)

//go:generate sh -c "cd _asm && go run . -out ../rows_amd64.s -stubs ../rows_amd64.go -pkg kernel"
//go:generate sh -c "cd _asm && go run . -avx512 -out ../rows_avx512_amd64.s -stubs ../rows_avx512_amd64.go -pkg kernel"

// kernels32 and kernels64 are the kernels of each instruction set that the machine has, the
// fastest first, and the kernels in Go.
var kernels32, kernels64 = detect()

// fewestAVX512 is where vectors twice as long make up for their longer end, about.
const fewestAVX512 = 64

// Of a set, narrow computes float32 in lanes of float32, wide in lanes of float64, for the
// rows that narrow is not accurate enough for.
func detect() (singles []kernelSet[float32], doubles []kernelSet[float64]) {
	x86 := &cpu.X86
	// Processors with AVX-512 but without VBMI2, before Ice Lake, slow their clock for it.
	if x86.HasAVX512F && x86.HasAVX512DQ && x86.HasAVX512VL && x86.HasAVX512VBMI2 {
		singles = append(singles, kernelSet[float32]{name: "AVX-512", fewest: fewestAVX512, kinds: []*rowKernels[float32]{&narrowAVX512, &wideAVX512}})
		doubles = append(doubles, kernelSet[float64]{name: "AVX-512", fewest: fewestAVX512, kinds: []*rowKernels[float64]{&doubleAVX512}})
	}
	if x86.HasAVX2 && x86.HasFMA {
		singles = append(singles, kernelSet[float32]{name: "AVX2", kinds: []*rowKernels[float32]{&narrowAVX2, &wideAVX2}})
		doubles = append(doubles, kernelSet[float64]{name: "AVX2", kinds: []*rowKernels[float64]{&doubleAVX2}})
	}
	return append(singles, generic32), append(doubles, generic64)
}

var (
	narrowLimits = limits{minClasses: 16, accept: acceptance{minRatio: 0.5, perPartition: 0.9, minMass: 0x1p-60, maxFall: 1 << 18, maxShift: 1 << 16}, ofPowers: 0.6, minPlain: 0.15, minGradient: 0x1p-10, maxReach: 86, stored: 1, shiftLast: true}
	wideLimits   = limits{minClasses: 2, accept: acceptance{minRatio: 0x1p-10, maxFall: math.Inf(1), maxShift: 1 << 16}, minGradient: 0x1p-10, maxReach: math.Inf(1), stored: 1 << 32}
	doubleLimits = limits{minClasses: 2, accept: acceptance{minRatio: 0.125, perPartition: 0.03, minMass: 0x1p-900, maxFall: math.Inf(1), maxShift: 1 << 16}, minGradient: 0x1p-6, maxReach: math.Inf(1), stored: 1}
)
