package kldivloss

import (
	"math"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"pgregory.net/rapid"
)

// TestPinsker: KL(p‖q) ≥ ½‖p − q‖₁² (Pinsker 1964), and so it is never negative, and 0 of equal
// distributions only. Rows that sum to S, by their rounding, have S_p·KL + S_p·log(S_p/S_q).
func TestPinsker(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPair(t)
		for i, loss := range c.loss(t, ReductionPerDistribution) {
			r := c.row(i)
			least := r.total(1) * (r.distance()*r.distance()/2 + math.Log(r.total(1)/r.total(0)))
			if !(loss >= least-r.lossError()) {
				t.Fatalf("row %d: divergence %v, want at least %v − %v", i, loss, least, r.lossError())
			}
			if c.forms == [2]Form{Logits, Logits} && !(loss >= 0) {
				t.Fatalf("row %d: divergence of logits %v, want at least 0", i, loss)
			}
		}
	})
}

// TestZeroOfEqual: equal rows in one form have a divergence of exactly 0, and elements too.
func TestZeroOfEqual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPair(t)
		c.forms[1], c.data[1] = c.forms[0], c.data[0]
		for _, reduction := range []Reduction{ReductionNone, ReductionPerDistribution} {
			for i, loss := range c.loss(t, reduction) {
				if loss != 0 {
					t.Fatalf("%v: number %d of %v from itself is %v", reduction, i, c.data[0], loss)
				}
			}
		}
	})
}

// TestPermutation: the order of classes changes nothing but rounding.
func TestPermutation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPair(t)
		order := rapid.Permutation(axesOf(make([]int, c.classes))).Draw(t, "order")
		permuted := c.with(func(_ int, x []float64) []float64 {
			out := make([]float64, len(x))
			for i := range out {
				out[i] = x[i/c.classes*c.classes+order[i%c.classes]]
			}
			return out
		})
		got, want := permuted.loss(t, ReductionPerDistribution), c.loss(t, ReductionPerDistribution)
		for i := range want {
			within(t, "divergence", i, got[i], want[i], 2*c.row(i).lossError())
		}
	})
}

// TestShift: a constant added to a row of logits changes neither the loss nor a gradient.
func TestShift(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPair(t)
		by := rapid.SliceOfN(rapid.IntRange(-4096, 4096), c.rows, c.rows).Draw(t, "by")
		shifted := c.with(func(side int, x []float64) []float64 {
			x = slices.Clone(x)
			for i := range x {
				if c.forms[side] == Logits {
					x[i] += float64(by[i/c.classes])
				}
			}
			return x
		})
		got, want := shifted.loss(t, ReductionPerDistribution), c.loss(t, ReductionPerDistribution)
		gradients, wanted := shifted.gradients(t), c.gradients(t)
		for i := range want {
			r := c.row(i)
			within(t, "divergence", i, got[i], want[i], 2*r.lossError())
			for side := range wanted {
				for k, err := range r.gradientErrors(side) {
					k += i * c.classes
					within(t, "gradient", k, gradients[side][k], wanted[side][k], 2*err)
				}
			}
		}
	})
}

// TestAdditive: a batch's divergence is the sum of its parts'.
func TestAdditive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPair(t)
		at := rapid.IntRange(0, c.rows).Draw(t, "at") * c.classes
		first := c.with(func(_ int, x []float64) []float64 { return x[:at] })
		rest := c.with(func(_ int, x []float64) []float64 { return x[at:] })
		parts, tolerance := 0.0, 0.0
		for _, part := range []pair{first, rest} {
			if part.rows > 0 {
				parts += part.loss(t, ReductionSum)[0]
			}
			for i := range part.rows {
				tolerance += 2 * part.row(i).lossError()
			}
		}
		within(t, "sum", 0, c.loss(t, ReductionSum)[0], parts, tolerance)
	})
}

// TestGradientOfLogits sums to 0 over a row, as a constant changes nothing.
func TestGradientOfLogits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPair(t)
		c.forms[0] = Logits
		for side, gradient := range c.gradients(t) {
			if c.forms[side] != Logits {
				continue
			}
			for i, row := range c.rowsOf(gradient) {
				within(t, "sum of the gradient of row", i, sum(row), 0, sum(c.row(i).gradientErrors(side)))
			}
		}
	})
}

// TestJensenShannon: JSD_β(p, q) = JSD_{1−β}(q, p), not negative and with β = ½ at most log 2.
func TestJensenShannon(t *testing.T) {
	divergences := func(t *rapid.T, c pair, beta float64) []float64 {
		in := c.nodes()
		return runTape(t, must(t)(JSDivLoss(in[0], in[1], beta, c.options(ReductionPerDistribution)...)))[0]
	}
	rapid.Check(t, func(t *rapid.T) {
		c := drawPair(t)
		beta := rapid.SampledFrom([]float64{0.25, 0.5, 0.75}).Draw(t, "beta")
		got, mirrored := divergences(t, c, beta), divergences(t, c.swapped(), 1-beta)
		for i, d := range got {
			r := c.row(i)
			within(t, "mirrored", i, mirrored[i], d, 2*r.jensenError())
			most := math.Ln2 * (r.total(0) + r.total(1)) / 2
			if !(0 <= d && (beta != 0.5 || d <= most+r.jensenError())) {
				t.Fatalf("row %d: %v, want 0 to %v", i, d, most)
			}
		}
	})
}

// TestReductions: every reduction is the sum of the elements that it says, divided by the
// number that it says.
func TestReductions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawPair(t)
		weights := rapid.SliceOfN(rapid.SampledFrom([]float64{0, 0.5, 1, 2}), c.rows, c.rows).Draw(t, "weights")
		in := c.nodes()
		weight := input(in[0].Graph(), "weight", c.dtype, weights, c.rows)
		var losses G.Nodes
		all := append(slices.Clone(reductions), ReductionWeightedMean)
		for _, reduction := range all {
			losses = append(losses, must(t)(KLDivLoss(in[0], in[1], append(c.options(reduction), WithSampleWeight(weight))...)))
		}
		got := runTape(t, losses...)
		elements := got[slices.Index(all, ReductionNone)]
		var errors []float64
		for i, s := range weights {
			for _, err := range c.row(i).elementErrors() {
				errors = append(errors, 2*s*err)
			}
		}
		for k, reduction := range all {
			want, tolerance := c.reduce(reduction, elements, weights), c.reduce(reduction, errors, weights)
			for i := range want {
				within(t, reduction.String(), i, got[k][i], want[i], tolerance[i])
			}
		}
	})
}

// reduce sums elements by rows, each a sample.
func (c pair) reduce(reduction Reduction, elements, weights []float64) []float64 {
	var perRow []float64
	for _, row := range c.rowsOf(elements) {
		perRow = append(perRow, sum(row))
	}
	total, divisor := sum(perRow), 1.0
	switch reduction {
	case ReductionNone:
		return elements
	case ReductionPerDistribution:
		return perRow
	case ReductionPerSample:
		for i := range perRow {
			perRow[i] /= float64(c.classes)
		}
		return perRow
	case ReductionMean:
		divisor = float64(len(elements))
	case ReductionBatchMean, ReductionDistributionMean:
		divisor = float64(c.rows)
	case ReductionWeightedMean:
		if divisor = sum(weights); divisor == 0 {
			return []float64{0}
		}
	}
	return []float64{total / divisor}
}

func within(t *rapid.T, what string, i int, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Fatalf("%s %d is %v, want %v ± %v", what, i, got, want, tolerance)
	}
}
