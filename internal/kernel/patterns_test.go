package kernel

import (
	"math"
	"unsafe"
)

// patterns makes numbers from a fuzzer's bytes, from the first again after the last.
type patterns struct {
	data   []byte
	at     int
	narrow uint64 // the numbers, counted modulo 64, to bring near 1
	count  int
}

func (b *patterns) byte() byte {
	if len(b.data) == 0 {
		return 0
	}
	x := b.data[b.at%len(b.data)]
	b.at++
	return x
}

// bits returns a number of some bytes, little-endian.
func (b *patterns) bits(bytes int) (x uint64) {
	for i := range bytes {
		x |= uint64(b.byte()) << (8 * i)
	}
	return x
}

// next returns any bit pattern, or brings it near 1, where sums and differences of
// classes matter: signed, unless a form is Probs.
func next[F Float](b *patterns, form Form) F {
	var x F
	if unsafe.Sizeof(x) == 4 {
		x = F(math.Float32frombits(uint32(b.bits(4))))
	} else {
		x = F(math.Float64frombits(b.bits(8)))
	}
	narrow := b.narrow>>(b.count%64)&1 == 1
	b.count++
	if narrow && x-x == 0 && x != 0 {
		fraction, exponent := math.Frexp(float64(x))
		x = F(math.Ldexp(fraction, exponent%8))
		if form == Probs {
			x = F(math.Abs(float64(x)))
		}
	}
	return x
}
