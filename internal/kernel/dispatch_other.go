//go:build !amd64 || purego

package kernel

var (
	vectors32 *vectorKernels[float32]
	vectors64 *vectorKernels[float64]
)
