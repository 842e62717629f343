package kernel

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"
)

// FuzzKernels gives the kernels any bit patterns, NaN with payloads, infinities,
// subnormals and −0 among them, and holds them to the portable path: NaN and infinities
// in the same places, numbers near each other for the size of a row's terms.
func FuzzKernels(f *testing.F) {
	pattern := func(values ...float64) (data []byte) {
		for _, v := range values {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(v)))
		}
		return data
	}
	f.Add(uint8(0), pattern(0.5, 1, -1, 0.25, 0.25, 0.5))
	f.Add(uint8(1), pattern(-1, -2, math.Inf(-1), 0.5, 0.5, 0))
	f.Add(uint8(2), pattern(1, 2, 3, 3, 2, 1))
	f.Add(uint8(0), pattern(math.NaN(), 1, math.Inf(1), minusZero, 1e-40, 1))
	f.Add(uint8(2), pattern(1e30, -1e30, 0, 1e-45, -1e-45, 2))
	f.Add(uint8(5), pattern(logits(newRand(1), 70, 1)...))
	f.Fuzz(func(t *testing.T, mode uint8, data []byte) {
		n := min(len(data)/8, 200)
		if n == 0 {
			return
		}
		pair := kernelPairs[int(mode)%len(kernelPairs)]
		rows := 1 + int(mode/3)%3
		classes := max(1, n/rows)
		if rows*classes > n {
			rows = 1
		}
		x, y := make([]float32, rows*classes), make([]float32, rows*classes)
		for i := range x {
			x[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
			y[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*(n+i):]))
		}
		holdToPortable(t, pair, rows, classes, x, y)
		holdToPortable(t, pair, rows, classes, convert[float64](float64s(x)), convert[float64](float64s(y)))
	})
}

func holdToPortable[F Float](t *testing.T, pair formPair, rows, classes int, x, y []F) {
	p := newProblem(pair, []int{rows, classes}, 1, false)
	in := &Operands[F]{Pred: dense(x, rows, classes), Target: dense(y, rows, classes), Tangent: dense(x, rows, classes)}
	in.Upstream = View[F]{[]F{1}, []int{0, 0}}
	portable := *in
	portable.kinds = []*rowKernels[F]{}
	for _, f := range functions[F]() {
		got, want := f.call(p, in), f.call(p, &portable)
		per := len(want) / rows
		for r := range rows {
			scale := (1 + size1(x[r*classes:][:classes])) * (1 + size1(y[r*classes:][:classes]))
			compareRows(t, f.name, pair, got[r*per:][:per], want[r*per:][:per], scale)
		}
	}
	if !slices.Equal(bits(Loss(p, in)), bits(Loss(p, noted(p, in)))) {
		t.Errorf("%v: another loss with statistics", pair)
	}
}

// size1 is the sum of a row's magnitudes, as far as they are finite.
func size1[F Float](row []F) float64 {
	sum := 0.0
	for _, x := range row {
		if size := math.Abs(float64(x)); size <= math.MaxFloat32 {
			sum += size
		}
	}
	return sum
}

func compareRows[F Float](t *testing.T, name string, pair formPair, got, want []F, scale float64) {
	for i, w := range want {
		g, w := float64(got[i]), float64(w)
		if g != g && w != w {
			continue
		}
		if !near(g, w, 0x1p-14*scale) {
			t.Errorf("%v %s: class %d is %v, %v on the portable path", pair, name, i, g, w)
		}
	}
}
