package kernel

import (
	"math"
	"unsafe"
)

// The kernels in Go, for every machine: they say what each computes. Arithmetic is
// float64 for both element types, without a call into package math for a class.
var (
	generic32 = []*rowKernels[float32]{genericKernels[float32](limits{minRatio: 0x1p-10, minGradient: 0x1p-10, stored: stored32})}
	generic64 = []*rowKernels[float64]{genericKernels[float64](limits{minRatio: 0.125, perPartition: 0.03, minGradient: 0x1p-6, minMass: 0x1p-900, stored: 1})}
)

// stored32 brings the smallest float32 into the range of normal ones.
const stored32 = 1 << 32

func genericKernels[F Float](l limits) *rowKernels[F] {
	l.maxReach, l.maxShift = math.Inf(1), 1<<16
	return &rowKernels[F]{
		extremes[F], logitsLoss[F], logProbsLoss[F], pairLoss[F],
		negate[F], logitsPred[F], pairPred[F], targetProbs[F], pairTarget[F],
		exponentials[F], pairExponentials[F], dotRows[F], centre[F], l,
	}
}

// storedScale is limits.stored for F.
func storedScale[F Float]() float64 {
	if unsafe.Sizeof(F(0)) == 8 {
		return 1
	}
	return stored32
}

// eachRow calls visit with every row of some tensors.
func eachRow[F Float](rows, classes int, tensors []*F, visit func(row int, of [][]F)) {
	of := make([][]F, len(tensors))
	for i, p := range tensors {
		of[i] = unsafe.Slice(p, rows*classes)
	}
	row := make([][]F, len(tensors))
	for r := range rows {
		for i := range of {
			row[i] = of[i][r*classes:][:classes:classes]
		}
		visit(r, row)
	}
}

func sumsOf(first *rowSums, rows int) []rowSums { return unsafe.Slice(first, rows) }

func coefficientsOf(first *coefficients, rows int) []coefficients {
	return unsafe.Slice(first, rows)
}

// extremes sets the shift of x, and its reach. A NaN may be passed over.
func extremes[F Float](x *F, rows, classes int, sums *rowSums) {
	records := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x}, func(r int, of [][]F) {
		largest, smallest := of[0][0], of[0][0]
		for _, xi := range of[0] {
			largest, smallest = max(largest, xi), min(smallest, xi)
		}
		records[r][shiftX], records[r][reachX] = -float64(largest), float64(largest)-float64(smallest)
	})
}

// block is how many terms are summed before they are added to the row's sums, so that
// the errors of a long row do not add up.
const block = 256

// sumBlocks calls sum for the classes in turn, some at a time, and sets a row's sums to
// those of what it returns.
func sumBlocks(record *rowSums, classes int, sum func(from, to int) rowSums) {
	clear(record[partition:])
	for from := 0; from < classes; from += block {
		part := sum(from, min(from+block, classes))
		for i := partition; i < sumCount; i++ {
			record[i] += part[i]
		}
	}
}

// logRatioSums sums t and t·(log2 t − y), to which t = 0 adds nothing, and notes signs.
type logRatioSums struct{ mass, ratio, signs float64 }

func (s *logRatioSums) add(t, log2T, y float64) {
	if t != 0 {
		s.ratio += t * (log2T - y)
	}
	s.mass += t
	if math.Signbit(t) {
		s.signs = 1
	}
}

func (s *logRatioSums) store(into *rowSums) {
	into[mass], into[ratio], into[flags] = s.mass, s.ratio, s.signs
}

// logitsLoss sums 2^y, t and t·(log2 t − y).
func logitsLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		x, t := of[0], of[1]
		shift := out[r][shiftX]
		sumBlocks(&out[r], classes, func(from, to int) (s rowSums) {
			var loss logRatioSums
			for i, xi := range x[from:to] {
				y := (float64(xi) + shift) * math.Log2E
				s[partition] += power2[F](y)
				ti := float64(t[from+i])
				loss.add(ti, logarithm2[F](ti), y)
			}
			loss.store(&s)
			return s
		})
	})
}

// logProbsLoss sums t and t·(log2 t − x·log2 e).
func logProbsLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		x, t := of[0], of[1]
		sumBlocks(&out[r], classes, func(from, to int) (s rowSums) {
			var loss logRatioSums
			for i, ti := range t[from:to] {
				loss.add(float64(ti), logarithm2[F](float64(ti)), float64(x[from+i])*math.Log2E)
			}
			loss.store(&s)
			return s
		})
	})
}

// pairLoss sums 2^y, 2^τ, τ being t's y, and 2^τ·(τ − y), to which 2^τ = 0 adds nothing.
func pairLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		pairRow(&out[r], of[0], of[1], nil, nil)
	})
}

// pairExponentials is pairLoss, and sets ex = 2^y and et = 2^τ, times limits.stored.
func pairExponentials[F Float](x, t, ex, et *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t, ex, et}, func(r int, of [][]F) {
		pairRow(&out[r], of[0], of[1], of[2], of[3])
	})
}

func pairRow[F Float](record *rowSums, x, t, ex, et []F) {
	scale, ofX, ofT := storedScale[F](), record[shiftX], record[shiftT]
	sumBlocks(record, len(x), func(from, to int) (s rowSums) {
		for i := from; i < to; i++ {
			y, tau := (float64(x[i])+ofX)*math.Log2E, (float64(t[i])+ofT)*math.Log2E
			q, p := power2[F](y), power2[F](tau)
			if ex != nil {
				ex[i], et[i] = F(q*scale), F(p*scale)
			}
			s[partition] += q
			s[mass] += p
			if p != 0 {
				s[ratio] += p * (tau - y)
			}
		}
		return s
	})
}

// exponentials sets out = 2^y, times limits.stored, and sums 2^y and t.
func exponentials[F Float](x, t, out *F, rows, classes int, sums *rowSums) {
	records := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		x, t, out := of[0], of[1], of[2]
		scale := storedScale[F]()
		shift := records[r][shiftX]
		sumBlocks(&records[r], classes, func(from, to int) (s rowSums) {
			for i := from; i < to; i++ {
				q := power2[F]((float64(x[i]) + shift) * math.Log2E)
				out[i] = F(q * scale)
				s[partition] += q
				s[mass] += float64(t[i])
				if math.Signbit(float64(t[i])) {
					s[flags] = 1
				}
			}
			return s
		})
	})
}

// negate sets out = 0 − t·a, and finds NaN and negative t.
func negate[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		a := records[r][byA]
		records[r][found] = 0
		for i, ti := range of[1] {
			if ti != ti || of[0][i] != of[0][i] || math.Signbit(float64(ti)) {
				records[r][found] = 1
			}
			of[2][i] = F(0 - float64(ti)*a)
		}
	})
}

// logitsPred sets out = a·2^y − b·t.
func logitsPred[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		c := &records[r]
		for i, ti := range of[1] {
			q := power2[F]((float64(of[0][i]) + c[forX]) * math.Log2E)
			of[2][i] = F(q*c[byA] - float64(ti)*c[byB])
		}
	})
}

// pairPred sets out = a·2^y − b·2^τ.
func pairPred[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		c := &records[r]
		for i, ti := range of[1] {
			q := power2[F]((float64(of[0][i]) + c[forX]) * math.Log2E)
			p := power2[F]((float64(ti) + c[forT]) * math.Log2E)
			of[2][i] = F(q*c[byA] - p*c[byB])
		}
	})
}

// targetProbs sets out = a·(log2 t − y) + b, 0 where t is, and finds subnormal and
// negative t, and NaN.
func targetProbs[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		shift, a, b := records[r][forX], records[r][byA], records[r][byB]
		records[r][found] = 0
		for i, ti := range of[1] {
			t := float64(ti)
			result := a*(logarithm2[F](t)-(float64(of[0][i])+shift)*math.Log2E) + b
			switch {
			case t == 0:
				result = 0
			case result != result || !(t >= smallestNormal):
				records[r][found] = 1
			}
			of[2][i] = F(result)
		}
	})
}

// pairTarget sets out = 2^τ·a·(τ − y − b), 0 where 2^τ is.
func pairTarget[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		c := &records[r]
		for i, ti := range of[1] {
			y, tau := (float64(of[0][i])+c[forX])*math.Log2E, (float64(ti)+c[forT])*math.Log2E
			of[2][i] = 0
			if p := power2[F](tau); p != 0 {
				of[2][i] = F(p * c[byA] * (tau - y - c[byB]))
			}
		}
	})
}

// dotRows sums out·v.
func dotRows[F Float](out, v *F, rows, classes int, sums *rowSums) {
	records := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{out, v}, func(r int, of [][]F) {
		q, v := of[0], of[1]
		var dot rowSums
		sumBlocks(&dot, classes, func(from, to int) (s rowSums) {
			for i := from; i < to; i++ {
				s[ratio] += float64(q[i]) * float64(v[i])
			}
			return s
		})
		records[r][ratio] = dot[ratio]
	})
}

// centre sets out = out·a·(v − b).
func centre[F Float](out, v *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{out, v}, func(r int, of [][]F) {
		a, b := records[r][byA], records[r][byB]
		for i, vi := range of[1] {
			of[0][i] = F(float64(of[0][i]) * a * (float64(vi) - b))
		}
	})
}

// power2 returns 2^y for y below 2^6: NaN stays NaN, and below −1022.5 it is 0. With
// y = n + r, n whole, it is 2^n·Σ (r·ln 2)^k/k!, of which the first term left out is
// below 2^−57, for float32 below 2^−37.
func power2[F Float](y float64) float64 {
	// Adding 1.5·2^52 rounds to a whole number in the low bits, already biased as an
	// exponent is.
	const bias, magic = 1023, 3<<51 + 1023
	if y < -bias {
		y = -bias
	}
	whole := y + magic
	r := (y - (whole - magic)) * math.Ln2
	// By Estrin's scheme: Horner's would wait for every step.
	r2 := r * r
	r4 := r2 * r2
	r8 := r4 * r4
	tail := 1.0/40320 + r*(1.0/362880)
	if unsafe.Sizeof(F(0)) == 8 {
		tail += r2*(1.0/3628800+r*(1.0/39916800)) + r4*(1.0/479001600+r*(1.0/6227020800))
	}
	p := (1 + r) + r2*(1.0/2+r*(1.0/6)) + r4*((1.0/24+r*(1.0/120))+r2*(1.0/720+r*(1.0/5040))) + r8*tail
	return p * math.Float64frombits(math.Float64bits(whole)<<52)
}

// logarithm2 returns log2 t for positive normal t, finite for 0, and means nothing for
// negative numbers. With t = 2^n·m, √½ ≤ m < √2, and s = (m−1)/(m+1) it is
// n + 2/ln 2·Σ s^(2k+1)/(2k+1), of which the first term left out is below 2^−55 of the
// sum, for float32 below 2^−34.
func logarithm2[F Float](t float64) float64 {
	const sqrtHalf, exponentOne, mantissa = 0x3fe6a09e667f3bcd, 0x3ff0000000000000, 1<<52 - 1
	b := math.Float64bits(t) + (exponentOne - sqrtHalf)
	m := math.Float64frombits(b&mantissa + sqrtHalf)
	s := (m - 1) / (m + 1)
	z := s * s
	z2 := z * z
	z4 := z2 * z2
	p := (1 + z*(1.0/3)) + z2*(1.0/5+z*(1.0/7)) + z4*(1.0/9+z*(1.0/11))
	if unsafe.Sizeof(F(0)) == 8 {
		p += z4 * (z2*(1.0/13+z*(1.0/15)) + z4*(1.0/17+z*(1.0/19)))
	}
	return float64(int64(b>>52)-1023) + s*p*(2*math.Log2E)
}
