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
	positive := make([]F, len(x))
	for i := range x {
		positive[i] = x[i] * x[i]
	}
	for _, pair := range formPairs(0) {
		x := x
		if pair.pred == Probs {
			x = positive
		}
		results := func(kinds []*rowKernels[F], pred, target, out []F) [][]F {
			n := len(pred)
			p := Problem{Shape: []int{n}, Pred: pair.pred, Target: pair.target, Scale: 1, OutStrides: []int{0}, OutSize: 1}
			in := &Operands[F]{
				Pred: View[F]{pred, []int{1}}, Target: View[F]{target, []int{1}}, Upstream: View[F]{[]F{1}, []int{0}},
				kinds: kinds,
			}
			written := *in
			written.Out[Pred] = out
			with, jensen := noted(p, in), p
			jensen.Family, jensen.Beta = JensenShannon, 0.5
			return [][]F{
				Loss(p, in), VJP(p, Pred, in), VJP(p, Target, in), VJP(p, Pred, with), VJP(p, Target, with),
				slices.Clone(VJP(p, Pred, &written)), slices.Clone(ahead(p, &written, Pred)[0]),
				Loss(jensen, in), VJP(jensen, Pred, noted(jensen, in)), VJP(jensen, Target, in),
			}
		}
		for n := 1; n <= longest; n += lengthStep() {
			offset := n % 8
			for _, atEnd := range []bool{false, true} {
				pred, target, out := guarded[F](t, n, atEnd), guarded[F](t, n, atEnd), guarded[F](t, n, atEnd)
				copy(pred, x[offset:])
				copy(target, y[offset:])
				for _, set := range kernelSets[F]() {
					want := results(set.kinds, x[offset:][:n], y[offset:][:n], make([]F, n))
					for i, got := range results(set.kinds, pred, target, out) {
						if !slices.Equal(got, want[i]) {
							t.Errorf("%v, %d classes, %s: result %d is %v, in ordinary memory %v", pair, n, set.name, i, got, want[i])
						}
					}
				}
			}
		}
	}
}

// TestGuardPagesOfSums reads records up to the edges of a page, where a vector holds more.
func TestGuardPagesOfSums(t *testing.T) {
	for name, k := range kinds[float32]() {
		for rows := 1; rows <= 2*judgedAtOnce; rows++ {
			for _, atEnd := range []bool{false, true} {
				sums := unsafe.Slice((*rowSums)(unsafe.Pointer(&guarded[float64](t, rows*sumCount, atEnd)[0])), rows)
				drawSums(newRand(uint64(rows)), sums, &k.accept)
				compareVerdicts(t, name, [2]judging{k.judgeLogits, judgeLogits}, sums, &k.accept, map[float64]int{})
				compareVerdicts(t, name, [2]judging{k.judgePair, judgePair}, sums, &k.accept, map[float64]int{})
				var s settlement
				k.settleLogits(&sums[0], rows, &k.accept, &s)
				k.settlePair(&sums[0], rows, &k.accept, &s)
			}
		}
	}
}

// TestGuardPagesOfRecords has rows' records, and the factors of kept exponentials, at the edges of
// a page: kernels read the next row's while they end a row.
func TestGuardPagesOfRecords(t *testing.T) {
	t.Run("float32", testGuardPagesOfRecords[float32])
	t.Run("float64", testGuardPagesOfRecords[float64])
}

func testGuardPagesOfRecords[F Float](t *testing.T) {
	const longest = 40
	for kind, k := range kinds[F]() {
		for rows := 1; rows <= 3; rows++ {
			for classes := k.minClasses; classes <= longest; classes++ {
				n := rows * classes
				x, y, ex, et := make([]F, n), make([]F, n), make([]F, n), make([]F, n)
				for i := range x {
					x[i], y[i] = 0, 0.5
				}
				for _, atEnd := range []bool{false, true} {
					sums := unsafe.Slice((*rowSums)(unsafe.Pointer(&guarded[float64](t, rows*sumCount, atEnd)[0])), rows)
					kernels := map[string]func(){
						"logitsLoss":       func() { k.logitsLoss(&x[0], &y[0], rows, classes, &sums[0]) },
						"pairLoss":         func() { k.pairLoss(&x[0], &y[0], rows, classes, &sums[0]) },
						"exponentials":     func() { k.exponentials(&x[0], &y[0], &ex[0], rows, classes, &sums[0]) },
						"pairExponentials": func() { k.pairExponentials(&x[0], &y[0], &ex[0], &et[0], rows, classes, &sums[0]) },
					}
					if k.keepingLoss != nil {
						kernels["keepingLoss"] = func() { k.keepingLoss(&x[0], &y[0], &ex[0], rows, classes, &sums[0]) }
						kernels["keepingPair"] = func() { k.keepingPair(&x[0], &y[0], &ex[0], &et[0], rows, classes, &sums[0]) }
					}
					for name, run := range kernels {
						for r := range sums {
							sums[r] = rowSums{}
							if k.shiftLast {
								sums[r][shiftX] = float64(-r) // as many powers of 2
							}
						}
						run()
						for r := range sums {
							want := float64(classes)
							if k.shiftLast {
								want = math.Ldexp(want, -r)
							}
							if got := sums[r][partition]; !near(got, want, 1e-6) {
								t.Fatalf("%s, %s of %d rows of %d classes: partition of row %d is %v, want %v", kind, name, rows, classes, r, got, want)
							}
						}
					}
					if k.keptPred == nil {
						continue
					}
					a, b := guarded[float64](t, rows, atEnd), guarded[float64](t, rows, atEnd)
					for r := range a {
						a[r], b[r] = float64(r+2), float64(2*r)
					}
					for i := range ex {
						ex[i] = 1
					}
					k.keptPred(&y[0], &ex[0], rows, classes, &a[0], &b[0])
					for i, got := range ex {
						if r := i / classes; got != 2 { // (r + 2)·1 − 2r·0.5
							t.Fatalf("%s, keptPred of %d rows of %d classes: row %d is %v, want 2", kind, rows, classes, r, got)
						}
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
	for kind, k := range kinds[F]() {
		for n := 1; n <= 129; n++ {
			for _, atEnd := range []bool{false, true} {
				x, y := guarded[F](t, n, atEnd), guarded[F](t, n, atEnd)
				out, other := guarded[F](t, n, atEnd), guarded[F](t, n, atEnd)
				var s rowSums
				c := coefficients{byA: 3, byB: 1}
				mixture := mixtureCoefficients{byA: 3, byB: 1, ofX: 1, ofT: 1, weight: 0.5, rest: 0.5}
				writes := map[string]func(){
					"exponentials":     func() { k.exponentials(&x[0], &y[0], &out[0], 1, n, &s) },
					"pairExponentials": func() { k.pairExponentials(&x[0], &y[0], &other[0], &out[0], 1, n, &s) },
					"centre": func() {
						clear(out)
						k.centre(&out[0], &y[0], 1, n, &c)
					},
				}
				if k.jensenTarget != nil {
					writes["jensenTarget"] = func() { k.jensenTarget(&x[0], &y[0], &out[0], 1, n, &mixture) }
				}
				for name, gradient := range gradients(k) {
					if gradient != nil {
						writes[name] = func() { gradient(&x[0], &y[0], &out[0], 1, n, &c) }
					}
				}
				for name, write := range writes {
					for i := range out {
						out[i], x[i], y[i] = F(math.NaN()), 1, 2
					}
					write()
					for i, o := range out {
						if o != out[0] || o != o {
							t.Fatalf("%s, %s of %d classes: class %d is %v, class 0 %v", kind, name, n, i, o, out[0])
						}
					}
				}
			}
		}
	}
}

// gradients are the kernels that write a gradient.
func gradients[F Float](k *rowKernels[F]) map[string]func(x, t, out *F, rows, classes int, c *coefficients) {
	return map[string]func(x, t, out *F, rows, classes int, c *coefficients){
		"negate": k.negate, "logitsPred": k.logitsPred, "pairPred": k.pairPred,
		"targetProbs": k.targetProbs, "pairTarget": k.pairTarget,
		"mixedPred": k.mixedPred, "mixedTarget": k.mixedTarget,
		"negatePower": k.negatePower, "logPairTarget": k.logPairTarget,
		"probsPred": k.probsPred, "probsTarget": k.probsTarget,
		"powersPred": k.powersPred, "powersTarget": k.powersTarget,
	}
}
