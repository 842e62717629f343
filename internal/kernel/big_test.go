package kernel

import (
	"math"
	"math/big"
	"testing"
)

// The tests need 448-bit logarithms and exponentials. These owe nothing to package
// math but a first guess.

const precision = 448

func number(x float64) *big.Float { return new(big.Float).SetPrec(precision).SetFloat64(x) }

func parse(s string) *big.Float {
	x, _, err := big.ParseFloat(s, 10, precision, big.ToNearestEven)
	if err != nil {
		panic(err)
	}
	return x
}

func fresh() *big.Float                { return new(big.Float).SetPrec(precision) }
func plus(a, b *big.Float) *big.Float  { return fresh().Add(a, b) }
func minus(a, b *big.Float) *big.Float { return fresh().Sub(a, b) }
func times(a, b *big.Float) *big.Float { return fresh().Mul(a, b) }
func over(a, b *big.Float) *big.Float  { return fresh().Quo(a, b) }

// scaled returns x·2^n.
func scaled(x *big.Float, n int) *big.Float { return fresh().SetMantExp(x, n) }

// exp halves x until it is below 2^-24, sums the series and squares back.
func exp(x *big.Float) *big.Float {
	if x.Sign() == 0 {
		return number(1)
	}
	halvings := max(0, x.MantExp(nil)+24)
	small, result := scaled(x, -halvings), fresh()
	for _, coefficient := range inverseFactorials {
		result = plus(times(result, small), coefficient)
	}
	for range halvings {
		result = times(result, result)
	}
	return result
}

// inverseFactorials holds 1/k!, k = 16 … 0: the first term left out of the
// series is below 2^-456.
var inverseFactorials = func() (c bigRow) {
	for k, factorial := 0.0, 1.0; k <= 16; k++ {
		c = append(bigRow{over(number(1), number(factorial))}, c...)
		factorial *= k + 1
	}
	return c
}()

// log writes x as m·2^n with m near 1, so that log m and n·log 2 do not cancel.
func log(x *big.Float) *big.Float {
	m := fresh()
	n := x.MantExp(m)
	if f, _ := m.Float64(); f < math.Sqrt2/2 {
		m, n = scaled(m, 1), n-1
	}
	return plus(logMantissa(m), times(number(float64(n)), ln2))
}

var ln2 = fresh().Neg(logMantissa(number(0.5)))

// logMantissa refines math.Log by Halley's iteration on exp, which triples the
// number of correct digits.
func logMantissa(m *big.Float) *big.Float {
	f, _ := m.Float64()
	y := number(math.Log(f))
	for range 2 {
		e := exp(y)
		y = plus(y, scaled(over(minus(m, e), plus(m, e)), 1))
	}
	return y
}

// bigRow is one row of classes.
type bigRow []*big.Float

func bigRowOf[F Float](x []F) bigRow {
	row := make(bigRow, len(x))
	for i, xi := range x {
		row[i] = number(float64(xi))
	}
	return row
}

// mapRow builds a row of n classes from f.
func mapRow(n int, f func(i int) *big.Float) bigRow {
	row := make(bigRow, n)
	for i := range row {
		row[i] = f(i)
	}
	return row
}

func (r bigRow) sum() *big.Float {
	s := fresh()
	for _, x := range r {
		s.Add(s, x)
	}
	return s
}

func (r bigRow) times(other bigRow) bigRow {
	return mapRow(len(r), func(i int) *big.Float { return times(r[i], other[i]) })
}

func (r bigRow) floats() []float64 {
	x := make([]float64, len(r))
	for i, xi := range r {
		x[i], _ = xi.Float64()
	}
	return x
}

// agree fails unless got is within 2^bits of want.
func agree(t *testing.T, name string, got, want *big.Float, bits int) {
	t.Helper()
	if diff := minus(got, want); diff.Sign() != 0 && diff.MantExp(nil) > bits {
		t.Errorf("%s = %.40g, want %.40g", name, got, want)
	}
}

func TestExpLog(t *testing.T) {
	const digits = -340 // the constants below have 103 decimals
	e := parse("2.71828182845904523536028747135266249775724709369995957496696762772407663035354759457138217852516642742746")
	ln10 := parse("2.30258509299404568401799145468436420760110148862877297603332790096757260967735248023599720508959829834196")
	agree(t, "exp(1)", exp(number(1)), e, digits)
	agree(t, "exp(-1)", exp(number(-1)), over(number(1), e), digits)
	agree(t, "log(10)", log(number(10)), ln10, digits)
	agree(t, "log(2)", log(number(2)), parse("0.6931471805599453094172321214581765680755001343602552541206800094933936219696947156058633269964186875"), -325)
	agree(t, "log(1)", log(number(1)), fresh(), digits)
	agree(t, "log(exp(-700.25))", log(exp(number(-700.25))), number(-700.25), digits+10)
}
