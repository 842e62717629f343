package kernel

import "math"

// possible reports whether row kernels divide by a number: it is positive, and neither
// nearly subnormal nor nearly too large.
func possible[F Float](x F) bool { return 0x1p-1000 <= float64(x) && float64(x) <= 0x1p1000 }

// probsLoss sums t and t·log2(t/x), and finds signs, and impossible x where t is not 0.
func probsLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		x, t := of[0], of[1]
		sumBlocks[F](&out[r], classes, func(from, to int) (s rowSums) {
			for i := from; i < to; i++ {
				ti := float64(t[i])
				if math.Signbit(ti) || ti != 0 && !possible(x[i]) {
					s[flags] = 1
				}
				s[mass] += ti
				if ti != 0 {
					s[ratio] += ti * quotientLogarithm2[F](ti, float64(x[i]))
				}
			}
			return s
		})
	})
}

// probsPred sets out = 0 − a·t/x, 0 where t is, and finds signs, and where t is not 0,
// impossible x and a·t that is no normal number.
func probsPred[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		a := records[r][byA]
		records[r][found] = 0
		for i, ti := range of[1] {
			t := float64(ti)
			of[2][i] = 0
			if math.Signbit(t) || t != 0 && !(possible(of[0][i]) && math.Abs(t*a) >= smallestNormal) {
				records[r][found] = 1
			}
			if t != 0 {
				of[2][i] = F(0 - t*a/float64(of[0][i]))
			}
		}
	})
}

// probsTarget sets out = a·log2(t/x) + b, 0 where t is, and finds what else is
// impossible.
func probsTarget[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		a, b := records[r][byA], records[r][byB]
		records[r][found] = 0
		for i, ti := range of[1] {
			of[2][i] = 0
			if math.Signbit(float64(ti)) || ti != 0 && !(possible(ti) && possible(of[0][i])) {
				records[r][found] = 1
			}
			if ti != 0 {
				of[2][i] = F(a*quotientLogarithm2[F](float64(ti), float64(of[0][i])) + b)
			}
		}
	})
}

// powersLoss sums 2^τ and 2^τ·(log2 x − τ), to which 2^τ = 0 adds nothing, and finds
// exponents out of range and impossible x.
func powersLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		x, t, shift := of[0], of[1], out[r][shiftT]
		sumBlocks[F](&out[r], classes, func(from, to int) (s rowSums) {
			for i := from; i < to; i++ {
				shifted := float64(t[i]) + shift
				p, tau := exponential[F](shifted), shifted*math.Log2E
				if !(tau <= mostExponent) || tau > leastExponent && !possible(x[i]) {
					s[flags] = 1
				}
				s[mass] += p
				if p != 0 {
					s[ratio] += p * (logarithm2[F](float64(x[i])) - tau)
				}
			}
			return s
		})
	})
}

// powersPred sets out = 0 − a·2^τ/x, 0 where 2^τ is, and finds exponents out of range,
// impossible x, and a·2^τ that is no normal number.
func powersPred[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		shift, a := records[r][forT], records[r][byA]
		records[r][found] = 0
		for i, ti := range of[1] {
			shifted := float64(ti) + shift
			p := exponential[F](shifted)
			tau := shifted * math.Log2E
			if !(tau <= mostExponent) || tau > leastExponent && !(possible(of[0][i]) && math.Abs(p*a) >= smallestNormal) {
				records[r][found] = 1
			}
			of[2][i] = 0
			if p != 0 {
				of[2][i] = F(0 - p*a/float64(of[0][i]))
			}
		}
	})
}

// powersTarget sets out = 2^τ·a·(log2 x − τ − b), 0 where 2^τ is, and finds exponents out
// of range and impossible x.
func powersTarget[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		shift, a, b := records[r][forT], records[r][byA], records[r][byB]
		records[r][found] = 0
		for i, ti := range of[1] {
			shifted := float64(ti) + shift
			p, tau := exponential[F](shifted), shifted*math.Log2E
			if !(tau <= mostExponent) || tau > leastExponent && !possible(of[0][i]) {
				records[r][found] = 1
			}
			of[2][i] = 0
			if p != 0 {
				of[2][i] = F(p * a * (logarithm2[F](float64(of[0][i])) - tau - b))
			}
		}
	})
}
