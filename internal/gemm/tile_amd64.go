//go:build !purego

package gemm

import "golang.org/x/sys/cpu"

var available = cpu.X86.HasAVX2 && cpu.X86.HasFMA

// tile writes one tile of a product,
//
//	c[r·ldc + j] = Σₚ a[r·rows + p·columns] · b[p·ldb + j],  r < 4, j < 16, p < k,
//
// with k > 0 and strides in numbers.
//
//go:noescape
func tile(k int, a *float32, rows, columns int, b *float32, ldb int, c *float32, ldc int)
