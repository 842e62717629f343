//go:build !amd64 || purego

package kernel

var kernels32, kernels64 = generic32, generic64
