// Package gemm multiplies float32 matrices faster than gonum, for the sizes of small
// networks, in pure Go and assembly. gorgonia.Use(gemm.BLAS{}) makes Gorgonia use it.
package gemm

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// BLAS is gonum's but for Sgemm, which runs on AVX2 and FMA where the processor has
// them. Results differ from gonum's by rounding and are the same each time.
type BLAS struct{ gonum.Implementation }

// A tile of the product is computed at once, in registers.
const (
	tileRows    = 4
	tileColumns = 16
)

// Sgemm is C = alpha·A·B + beta·C for row-major matrices, A (m, k) and B (k, n), each
// transposed if asked for. What it has no fast way for, and what gonum would panic at,
// it leaves to gonum.
func (g BLAS) Sgemm(ta, tb blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	rows, columns := lda, 1 // strides of A
	aFits, bFits := fits(m, k, len(a), lda), fits(k, n, len(b), ldb)
	if ta != blas.NoTrans {
		rows, columns = 1, lda
		aFits = fits(k, m, len(a), lda)
	}
	if tb != blas.NoTrans {
		bFits = fits(n, k, len(b), ldb)
	}
	if !available || alpha != 1 || beta != 0 || !aFits || !bFits || !fits(m, n, len(c), ldc) {
		g.Implementation.Sgemm(ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	whole := n / tileColumns * tileColumns
	if tb == blas.NoTrans {
		product(m, whole, k, a, rows, columns, b, ldb, c, ldc)
	} else {
		whole = 0 // the tile wants B's rows
	}
	if whole == n {
		return
	}
	packed := make([]float32, k*tileColumns)
	for j := whole; j < n; j += tileColumns {
		width := min(tileColumns, n-j)
		pack(packed, k, width, b, ldb, j, tb != blas.NoTrans)
		product(m, width, k, a, rows, columns, packed, tileColumns, c[j:], ldc)
	}
}

// fits reports whether a matrix that is not empty lies within length numbers.
func fits(rows, columns, length, stride int) bool {
	return rows > 0 && columns > 0 && stride >= columns && length >= (rows-1)*stride+columns
}

// pack copies one tile's width of B's columns, from the given one on, row after row. In
// the last tile the numbers past B's edge mean nothing.
func pack(packed []float32, k, width int, b []float32, ldb, from int, transposed bool) {
	if !transposed {
		for p := range k {
			copy(packed[p*tileColumns:][:width], b[p*ldb+from:])
		}
		return
	}
	for j := range width {
		for p, v := range b[(from+j)*ldb:][:k] {
			packed[p*tileColumns+j] = v
		}
	}
}

// product writes A·B to c, m × n. A has the given strides; B's rows are readable up to
// whole tiles.
func product(m, n, k int, a []float32, rows, columns int, b []float32, ldb int, c []float32, ldc int) {
	var edge [tileRows * tileColumns]float32
	for j := 0; j < n; j += tileColumns {
		width := min(tileColumns, n-j)
		i := 0
		for ; i+tileRows <= m && width == tileColumns; i += tileRows {
			tile(k, &a[i*rows], rows, columns, &b[j], ldb, &c[i*ldc+j], ldc)
		}
		for ; i+tileRows <= m; i += tileRows {
			tile(k, &a[i*rows], rows, columns, &b[j], ldb, &edge[0], tileColumns)
			for r := range tileRows {
				copy(c[(i+r)*ldc+j:][:width], edge[r*tileColumns:])
			}
		}
		for ; i < m; i++ { // four times the same row
			tile(k, &a[i*rows], 0, columns, &b[j], ldb, &edge[0], tileColumns)
			copy(c[i*ldc+j:][:width], edge[:])
		}
	}
}
