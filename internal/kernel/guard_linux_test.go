package kernel

import (
	"math"
	"slices"
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns n elements that end, or start, at the edge of memory that may
// be touched: reading past it is a fault.
func guarded[F Float](t *testing.T, n int, atEnd bool) []F {
	t.Helper()
	page := syscall.Getpagesize()
	var zero F
	bytes := n * int(unsafe.Sizeof(zero))
	inner := (bytes + page - 1) / page * page
	memory, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(memory) })
	for _, edge := range [][]byte{memory[:page], memory[page+inner:]} {
		if err := syscall.Mprotect(edge, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	start := page
	if atEnd {
		start += inner - bytes
	}
	return unsafe.Slice((*F)(unsafe.Pointer(&memory[start])), n)
}

// TestGuardPages runs every length from 1 to 129 at both edges of a page, and
// holds the results to those of ordinary memory, every offset of a few elements.
func TestGuardPages(t *testing.T) {
	t.Run("float32", testGuardPages[float32])
	t.Run("float64", testGuardPages[float64])
}

func testGuardPages[F Float](t *testing.T) {
	const longest = 129
	rng := newRand(61)
	x, y := make([]F, longest+8), make([]F, longest+8)
	for i := range x {
		x[i], y[i] = F(2*rng.NormFloat64()), F(rng.Float64())
	}
	for _, pair := range []formPair{{pred: Logits, target: Probs}, {pred: LogProbs, target: Probs}, {pred: Logits, target: Logits}} {
		results := func(pred, target []F) [][]F {
			n := len(pred)
			p := Problem{Shape: []int{n}, Pred: pair.pred, Target: pair.target, Scale: 1, OutStrides: []int{0}, OutSize: 1}
			in := &Operands[F]{
				Pred: View[F]{pred, []int{1}}, Target: View[F]{target, []int{1}}, Upstream: View[F]{[]F{1}, []int{0}},
			}
			return [][]F{Loss(p, in), VJP(p, Pred, in), VJP(p, Target, in)}
		}
		for n := 1; n <= longest; n++ {
			offset := n % 8
			want := results(x[offset:][:n], y[offset:][:n])
			for _, atEnd := range []bool{false, true} {
				pred, target := guarded[F](t, n, atEnd), guarded[F](t, n, atEnd)
				copy(pred, x[offset:])
				copy(target, y[offset:])
				for i, got := range results(pred, target) {
					if !slices.Equal(got, want[i]) {
						t.Errorf("%v, %d classes: result %d is %v, in ordinary memory %v", pair, n, i, got, want[i])
					}
				}
			}
		}
	}
}

// TestGuardPagesOut writes to the edges of a page: a kernel that wrote past its
// row would fault.
func TestGuardPagesOut(t *testing.T) {
	t.Run("float32", testGuardPagesOut[float32])
	t.Run("float64", testGuardPagesOut[float64])
}

func testGuardPagesOut[F Float](t *testing.T) {
	k := vectors[F]()
	if k == nil {
		t.Skip("no vector kernels on this machine or in this build")
	}
	expRows := map[string]func(x, t, out *F, n int, shift float64, acc *[3]float64) int{"expRow": k.expRow}
	pairs := map[string]func(x, t, out *F, n int, shiftX, shiftT, a, b float64){
		"logitPairGradient": k.logitPairGradient, "targetLogitsGradient": k.targetLogitsGradient,
	}
	combines := map[string]func(out, t *F, n int, a, b float64){"combine": k.combine}
	if k.narrow != nil {
		expRows["narrow expRow"] = k.narrow.expRow
		pairs["narrow logitPairGradient"] = k.narrow.logitPairGradient
		combines["narrow combine"] = k.narrow.combine
	}
	for n := 1; n <= 129; n++ {
		for _, atEnd := range []bool{false, true} {
			x, y, out := guarded[F](t, n, atEnd), guarded[F](t, n, atEnd), guarded[F](t, n, atEnd)
			var acc [3]float64
			run := map[string]func(){
				"targetProbsGradient": func() { k.targetProbsGradient(&x[0], &y[0], &out[0], n, 0, 1, 1) },
			}
			for name, f := range expRows {
				run[name] = func() { f(&x[0], &y[0], &out[0], n, 0, &acc) }
			}
			for name, f := range pairs {
				run[name] = func() { f(&x[0], &y[0], &out[0], n, 0, 0, 3, 1) }
			}
			for name, f := range combines {
				run[name] = func() { f(&out[0], &y[0], n, 0, -1) }
			}
			for name, write := range run {
				for i := range out {
					out[i], x[i], y[i] = F(math.NaN()), 1, 2
				}
				if name == "combine" || name == "narrow combine" {
					clear(out)
				}
				write()
				for i, o := range out {
					if o != out[0] || o != o {
						t.Fatalf("%s of %d classes: class %d is %v, class 0 %v", name, n, i, o, out[0])
					}
				}
			}
		}
	}
}
