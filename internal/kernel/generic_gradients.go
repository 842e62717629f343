package kernel

import (
	"math"
	"unsafe"
)

// negate sets out = 0 − t·a, and finds NaN, and negative and infinite t.
func negate[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		a := records[r][byA]
		records[r][found] = 0
		for i, ti := range of[1] {
			if ti-ti != 0 || of[0][i] != of[0][i] || math.Signbit(float64(ti)) {
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

// keptPred sets out = a·out − b·t, with an a and a b for each row.
func keptPred[F Float](t, out *F, rows, classes int, a, b *float64) {
	as, bs := unsafe.Slice(a, rows), unsafe.Slice(b, rows)
	eachRow(rows, classes, []*F{t, out}, func(r int, of [][]F) {
		a, b := as[r], bs[r]
		for i, ti := range of[0] {
			of[1][i] = F(float64(of[1][i])*a - float64(ti)*b)
		}
	})
}

// pairPred sets out = a·2^y − b·2^τ.
func pairPred[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	pairPredRows(x, t, out, rows, classes, c, false)
}

func pairPredRows[F Float](x, t, out *F, rows, classes int, c *coefficients, alone bool) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		c := &records[r]
		for i, ti := range of[1] {
			q := power2[F]((float64(of[0][i]) + c[forX]) * math.Log2E)
			shifted := float64(ti) + c[forT]
			p := powerOf[F](shifted, shifted*math.Log2E, alone)
			of[2][i] = F(q*c[byA] - p*c[byB])
		}
	})
}

// targetProbs sets out = a·(log2 t − y) + b, 0 where t is, and finds subnormal,
// negative and infinite t, and NaN.
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
			case result != result || !(smallestNormal <= t && t <= math.MaxFloat64):
				records[r][found] = 1
			}
			of[2][i] = F(result)
		}
	})
}

// pairTarget sets out = 2^τ·a·(τ − y − b), 0 where 2^τ is, and finds products that
// overflow.
func pairTarget[F Float](x, t, out *F, rows, classes int, c *coefficients) {
	pairTargetRows(x, t, out, rows, classes, c, false)
}

func pairTargetRows[F Float](x, t, out *F, rows, classes int, c *coefficients, alone bool) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		c := &records[r]
		for i, ti := range of[1] {
			y, shifted := (float64(of[0][i])+c[forX])*math.Log2E, float64(ti)+c[forT]
			tau := shifted * math.Log2E
			of[2][i] = 0
			if p := powerOf[F](shifted, tau, alone); p != 0 {
				scaled := c[byA] * (tau - y - c[byB])
				if scaled-scaled != 0 {
					c[found] = 1
				}
				of[2][i] = F(p * scaled)
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
		sumBlocks[F](&dot, classes, func(from, to int) (s rowSums) {
			for i := from; i < to; i++ {
				s[ratio] += float64(q[i]) * float64(v[i])
			}
			return s
		})
		records[r][ratio] = dot[ratio]
	})
}

// centre sets out = out·(a·(v − b)), and finds products that overflow.
func centre[F Float](out, v *F, rows, classes int, c *coefficients) {
	records := coefficientsOf(c, rows)
	eachRow(rows, classes, []*F{out, v}, func(r int, of [][]F) {
		a, b := records[r][byA], records[r][byB]
		records[r][found] = 0
		for i, vi := range of[1] {
			scaled := a * (float64(vi) - b)
			if scaled-scaled != 0 {
				records[r][found] = 1
			}
			of[0][i] = F(float64(of[0][i]) * scaled)
		}
	})
}
