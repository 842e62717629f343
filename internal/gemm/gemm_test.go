package gemm

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// TestSgemm compares every shape with sums in float64, under the error bound of k
// roundings. Rows are longer than they need to be, with NaN between them, which must
// neither be read into a result nor overwritten.
func TestSgemm(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	nan := float32(math.NaN())
	matrix := func(rows, columns, stride int) []float32 {
		m := make([]float32, (rows-1)*stride+columns)
		for i := range m {
			m[i] = nan
			if i%stride < columns {
				m[i] = rng.Float32() - 0.5
			}
		}
		return m
	}
	sizes := []int{1, 2, 3, 4, 5, 15, 16, 17, 33, 64}
	for _, m := range sizes {
		for _, n := range sizes {
			for _, k := range []int{1, 2, 7, 64, 130} {
				for transposes := range 4 {
					ta, tb := blas.NoTrans, blas.NoTrans
					lda, ldb, ldc := k+3, n+1, n+2
					a, b := matrix(m, k, lda), matrix(k, n, ldb)
					atA := func(i, p int) float64 { return float64(a[i*lda+p]) }
					atB := func(p, j int) float64 { return float64(b[p*ldb+j]) }
					if transposes&1 != 0 {
						ta, lda = blas.Trans, m+3
						a = matrix(k, m, lda)
						atA = func(i, p int) float64 { return float64(a[p*lda+i]) }
					}
					if transposes&2 != 0 {
						tb, ldb = blas.Trans, k+1
						b = matrix(n, k, ldb)
						atB = func(p, j int) float64 { return float64(b[j*ldb+p]) }
					}
					c := make([]float32, (m-1)*ldc+n)
					for i := range c {
						c[i] = nan
					}
					BLAS{}.Sgemm(ta, tb, m, n, k, 1, a, lda, b, ldb, 0, c, ldc)
					for i, got := range c {
						row, column := i/ldc, i%ldc
						if column >= n {
							if !math.IsNaN(float64(got)) {
								t.Fatalf("%d × %d × %d, %c%c: wrote between rows", m, n, k, ta, tb)
							}
							continue
						}
						sum, size := 0.0, 0.0
						for p := range k {
							term := atA(row, p) * atB(p, column)
							sum, size = sum+term, size+math.Abs(term)
						}
						if d := math.Abs(float64(got) - sum); !(d <= float64(k)*size*0x1p-24) {
							t.Fatalf("%d × %d × %d, %c%c: (%d, %d) is %v, want %v", m, n, k, ta, tb, row, column, got, sum)
						}
					}
				}
			}
		}
	}
}

// TestLeftToGonum: what there is no fast way for is the same as gonum's.
func TestLeftToGonum(t *testing.T) {
	a, b := []float32{1, 2, 3, 4}, []float32{5, 6, 7, 8}
	for _, c := range []struct{ alpha, beta float32 }{{2, 0}, {1, 1}, {0.5, 2}} {
		got, want := []float32{1, 2, 3, 4}, []float32{1, 2, 3, 4}
		BLAS{}.Sgemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, c.alpha, a, 2, b, 2, c.beta, got, 2)
		gonum.Implementation{}.Sgemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, c.alpha, a, 2, b, 2, c.beta, want, 2)
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("alpha %v, beta %v: %v, want %v", c.alpha, c.beta, got, want)
				break
			}
		}
	}
	BLAS{}.Sgemm(blas.NoTrans, blas.NoTrans, 0, 2, 2, 1, nil, 2, b, 2, 0, nil, 2)
	for name, call := range map[string]func(){
		"short A": func() { BLAS{}.Sgemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, a[:3], 2, b, 2, 0, make([]float32, 4), 2) },
		"short C": func() { BLAS{}.Sgemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, a, 2, b, 2, 0, make([]float32, 3), 2) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			call()
		}()
	}
}

func BenchmarkSgemm(b *testing.B) {
	const m, n, k = 1024, 64, 64
	x, y, z := make([]float32, m*k), make([]float32, k*n), make([]float32, m*n)
	for i := range x {
		x[i] = 1 // gonum leaves zeros out
	}
	for name, implementation := range map[string]blas.Float32Level3{"ours": BLAS{}, "gonum": gonum.Implementation{}} {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				implementation.Sgemm(blas.NoTrans, blas.NoTrans, m, n, k, 1, x, k, y, n, 0, z, n)
			}
			b.ReportMetric(2*m*n*k*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
