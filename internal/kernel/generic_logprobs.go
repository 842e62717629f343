package kernel

import "math"

// mostExponent is the largest exponent of which row kernels make a power of log-probabilities
// as they are: they know no shift that keeps it from being too large.
const mostExponent = 46

// leastExponent is below that of the smallest subnormal number.
const leastExponent = -1080

// logPairLoss sums 2^τ, τ = t·log2 e, and 2^τ·(t − x)·log2 e, to which 2^τ = 0 adds
// nothing, and finds exponents out of range.
func logPairLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		x, t := of[0], of[1]
		sumBlocks[F](&out[r], classes, func(from, to int) (s rowSums) {
			for i := from; i < to; i++ {
				ti := float64(t[i])
				tau, d := ti*math.Log2E, (ti-float64(x[i]))*math.Log2E
				if !(tau <= mostExponent) {
					s[flags] = 1
				}
				p := exponential[F](ti)
				s[mass] += p
				addRatio(&s, p, tau, d)
			}
			return s
		})
	})
}

// negatePower sets out = 0 − a·2^τ, and finds NaN and exponents out of range.
func negatePower[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		shift, a := records[r][forT], records[r][byA]
		records[r][found] = 0
		for i, ti := range of[1] {
			shifted := float64(ti) + shift
			if !(shifted*math.Log2E <= mostExponent) || of[0][i] != of[0][i] {
				records[r][found] = 1
			}
			of[2][i] = F(0 - exponential[F](shifted)*a)
		}
	})
}

// logPairTarget sets out = 2^τ·a·((t − x)·log2 e + b), τ = t·log2 e, 0 where 2^τ is, and
// finds exponents out of range and products that overflow.
func logPairTarget[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		a, b := records[r][byA], records[r][byB]
		records[r][found] = 0
		for i, ti := range of[1] {
			tau, d := float64(ti)*math.Log2E, (float64(ti)-float64(of[0][i]))*math.Log2E
			scaled := a * (d + b)
			if !(tau <= mostExponent) || tau > leastExponent && !(math.Abs(d) <= farRatio && scaled-scaled == 0) {
				records[r][found] = 1
			}
			of[2][i] = 0
			if p := exponential[F](float64(ti)); p != 0 {
				of[2][i] = F(p * scaled)
			}
		}
	})
}

// mixedLoss is pairLoss for a target whose powers count alone.
func mixedLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		pairRow(&out[r], of[0], of[1], nil, nil, true)
	})
}

// mixedPred is pairPred for a target whose powers count alone.
func mixedPred[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	pairPredRows(x, t, out, rows, classes, c, true)
}

// mixedTarget is pairTarget for a target whose powers count alone.
func mixedTarget[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	pairTargetRows(x, t, out, rows, classes, c, true)
}
