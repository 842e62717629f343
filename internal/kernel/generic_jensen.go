package kernel

import (
	"math"
	"unsafe"
)

// mixture returns p = ofT·2^τ, and the logarithms of it and of q = ofX·2^y less that of
// m = weight·p + rest·q, 0 where the probability is.
func mixture[F Float](x, t F, c *mixtureCoefficients) (p, q, logP, logQ float64) {
	y, tau := (float64(x)+c[forX])*math.Log2E, (float64(t)+c[forT])*math.Log2E
	q, p = power2[F](y)*c[ofX], power2[F](tau)*c[ofT]
	logarithm, d := quotientLogarithm2[F](max(p, q), c[weight]*p+c[rest]*q), tau-y+c[between]
	if p != 0 {
		logP = logarithm + min(d, 0)
	}
	if q != 0 {
		logQ = logarithm - max(d, 0)
	}
	return p, q, logP, logQ
}

// jensenSums sets a = Σ p·log2(p/m) and b = Σ q·log2(q/m).
func jensenSums[F Float](x, t *F, rows, classes int, c *mixtureCoefficients) {
	records := unsafe.Slice(c, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		var sums rowSums
		sumBlocks[F](&sums, classes, func(from, to int) (s rowSums) {
			for i := from; i < to; i++ {
				p, q, logP, logQ := mixture(of[0][i], of[1][i], &records[r])
				s[mass] += p * logP
				s[ratio] += q * logQ
			}
			return s
		})
		records[r][byA], records[r][byB] = sums[mass], sums[ratio]
	})
}

// jensenTarget sets out = a·p·(log2(p/m) − b).
func jensenTarget[F Float](x, t, out *F, rows, classes int, c *mixtureCoefficients) {
	records := unsafe.Slice(c, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		c := &records[r]
		for i, xi := range of[0] {
			p, _, logP, _ := mixture(xi, of[1][i], c)
			of[2][i] = F(p * (c[byA] * (logP - c[byB])))
		}
	})
}
