package main

import (
	"math"
	"math/big"
)

// precision of the arithmetic that the polynomials are computed in, in bits.
const precision = 300

func number(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

func add(a, b *big.Float) *big.Float { return number(0).Add(a, b) }
func sub(a, b *big.Float) *big.Float { return number(0).Sub(a, b) }
func mul(a, b *big.Float) *big.Float { return number(0).Mul(a, b) }
func quo(a, b *big.Float) *big.Float { return number(0).Quo(a, b) }

// atanhSeries returns Σ z^k/(2k+1): atanh(s)/s at z = s².
func atanhSeries(z *big.Float) *big.Float {
	sum, power := number(0), number(1)
	for k := 0; k < precision; k++ {
		sum = add(sum, quo(power, number(float64(2*k+1))))
		power = mul(power, z)
	}
	return sum
}

// ln2 = 2·atanh(1/3).
var ln2 = mul(quo(number(2), number(3)), atanhSeries(quo(number(1), number(9))))

// exp2 returns 2^r by the exponential's series, for small r.
func exp2(r *big.Float) *big.Float {
	x := mul(r, ln2)
	sum, term := number(0), number(1)
	for k := 1; k < precision; k++ {
		sum = add(sum, term)
		term = quo(mul(term, x), number(float64(k)))
	}
	return sum
}

// log2Quotient returns log2((1+s)/(1−s))/s at z = s².
func log2Quotient(z *big.Float) *big.Float {
	return quo(mul(number(2), atanhSeries(z)), ln2)
}

// interpolate returns the coefficients, from the constant up, of the polynomial
// that agrees with f at the Chebyshev nodes of [low, high]. Its error is within a
// small factor of the best polynomial's of that degree.
func interpolate(f func(*big.Float) *big.Float, low, high float64, degree int) []float64 {
	n := degree + 1
	nodes, differences := make([]*big.Float, n), make([]*big.Float, n)
	for j := range nodes {
		nodes[j] = number((low+high)/2 + (high-low)/2*math.Cos(math.Pi*float64(2*j+1)/float64(2*n)))
		differences[j] = f(nodes[j])
	}
	for order := 1; order < n; order++ {
		for j := n - 1; j >= order; j-- {
			differences[j] = quo(sub(differences[j], differences[j-1]), sub(nodes[j], nodes[j-order]))
		}
	}
	// Newton's form, expanded from the innermost factor.
	coefficients := make([]*big.Float, n)
	for k := range coefficients {
		coefficients[k] = number(0)
	}
	for j := n - 1; j >= 0; j-- {
		for k := n - 1; k >= 0; k-- {
			shifted := mul(coefficients[k], nodes[j])
			coefficients[k] = number(0)
			if k > 0 {
				coefficients[k] = coefficients[k-1]
			}
			coefficients[k] = sub(coefficients[k], shifted)
		}
		coefficients[0] = add(coefficients[0], differences[j])
	}
	rounded := make([]float64, n)
	for k, c := range coefficients {
		rounded[k], _ = c.Float64()
	}
	return rounded
}
