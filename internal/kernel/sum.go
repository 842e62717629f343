package kernel

import "math"

// sum is a compensated sum (Neumaier 1974): its error does not grow with the
// number of terms. The zero value is an empty sum.
type sum struct{ high, low float64 }

func (s *sum) add(x float64) { *s = s.with(x) }

// with is the sum and one more term. Loops keep it in registers, which the compiler does with
// values only.
func (s sum) with(x float64) sum {
	t := s.high + x
	if math.Abs(s.high) >= math.Abs(x) {
		s.low += (s.high - t) + x
	} else {
		s.low += (x - t) + s.high
	}
	s.high = t
	return s
}

// value returns the sum. Once a term or a partial sum is infinite the
// compensation means nothing; the plain sum still does.
func (s sum) value() float64 {
	if math.IsNaN(s.low) || math.IsInf(s.high, 0) {
		return s.high
	}
	return s.high + s.low
}

func dot(a, b []float64) float64 {
	var s sum
	for i, x := range a {
		if x != 0 {
			s = s.with(x * b[i])
		}
	}
	return s.value()
}

func total(a []float64) float64 {
	var s sum
	for _, x := range a {
		s = s.with(x)
	}
	return s.value()
}
