package main

import (
	"errors"
	"testing"
)

// positiveDefinite is a random BᵀB + I of n rows.
func positiveDefinite(n int, seed uint64) func(v []float64) ([]float64, error) {
	b := gaussians(n*n, 1, newRand(seed, 0))
	return func(v []float64) ([]float64, error) {
		product := append([]float64(nil), v...)
		for i := range n {
			row := b[i*n : (i+1)*n]
			axpy(product, dot(row, v), row)
		}
		return product, nil
	}
}

func TestConjugateGradient(t *testing.T) {
	for _, n := range []int{1, 2, 7, 30} {
		multiply := positiveDefinite(n, uint64(n))
		want := gaussians(n, 1, newRand(9, uint64(n)))
		b, _ := multiply(want)
		x, ax, err := conjugateGradient(multiply, b, 20*n, 1e-28)
		check0(t, err)
		within(t, "x", x, want, 1e-10)
		within(t, "A x", ax, b, 1e-10)
	}
}

// TestConjugateGradientOnTheWay: after k iterations A x, which comes from the
// recursion, is the true product, and the error is less in the norm of A each time.
func TestConjugateGradientOnTheWay(t *testing.T) {
	const n = 20
	multiply := positiveDefinite(n, 3)
	want := gaussians(n, 1, newRand(4, 0))
	b, _ := multiply(want)
	last := dot(want, b)
	for k := 1; k <= 8; k++ {
		x, ax, err := conjugateGradient(multiply, b, k, 0)
		check0(t, err)
		product, _ := multiply(x)
		within(t, "A x", ax, product, 1e-12)
		miss := append([]float64(nil), want...)
		axpy(miss, -1, x)
		image, _ := multiply(miss)
		if e := dot(miss, image); e >= last {
			t.Errorf("after %d iterations the error is %v, before %v", k, e, last)
		} else {
			last = e
		}
	}
}

func TestConjugateGradientStops(t *testing.T) {
	calls := 0
	count := func(v []float64) ([]float64, error) {
		calls++
		return v, nil
	}
	x, ax, err := conjugateGradient(count, []float64{3, 4}, 10, 1e-20)
	check0(t, err)
	if calls != 1 {
		t.Errorf("%d products for the identity, want 1", calls)
	}
	within(t, "x", x, []float64{3, 4}, 0)
	within(t, "A x", ax, []float64{3, 4}, 0)
	if x, _, _ := conjugateGradient(count, []float64{0, 0}, 10, 1e-20); calls != 1 || x[0] != 0 || x[1] != 0 {
		t.Errorf("b = 0 gives %v after %d products", x, calls-1)
	}
	broken := errors.New("broken")
	fail := func([]float64) ([]float64, error) { return nil, broken }
	if _, _, err := conjugateGradient(fail, []float64{1}, 10, 0); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
}
