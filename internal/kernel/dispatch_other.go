//go:build !amd64 || purego

package kernel

var (
	kernels32 = []kernelSet[float32]{generic32}
	kernels64 = []kernelSet[float64]{generic64}
)
