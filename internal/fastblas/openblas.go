//go:build openblas

package fastblas

// #cgo LDFLAGS: -lopenblas
import "C"

import "gonum.org/v1/netlib/blas/netlib"

// BLAS is what gorgonia.Use takes.
type BLAS = netlib.Implementation
