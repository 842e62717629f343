//go:build !amd64 || purego

package gemm

const available = false

func tile(k int, a *float32, rows, columns int, b *float32, ldb int, c *float32, ldc int) {
	panic("gemm: no kernel here")
}
