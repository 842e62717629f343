//go:build !openblas

// Package fastblas is the BLAS that the examples use: package gemm, or OpenBLAS with the
// build tag openblas, which needs cgo and the library, as in Debian's libopenblas-dev.
package fastblas

import "github.com/kldivloss/kldivloss/internal/gemm"

// BLAS is what gorgonia.Use takes.
type BLAS = gemm.BLAS
