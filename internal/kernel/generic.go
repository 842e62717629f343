package kernel

import (
	"math"
	"unsafe"
)

// The kernels in Go, for every machine: they say what each computes. Arithmetic is
// float64 for both element types, without a call into package math for a class.
var (
	generic32 = kernelSet[float32]{name: "Go", kinds: []*rowKernels[float32]{genericKernels[float32](limits{minClasses: 2, accept: acceptance{minRatio: 0x1p-10}, minGradient: 0x1p-10, stored: stored32})}}
	generic64 = kernelSet[float64]{name: "Go", kinds: []*rowKernels[float64]{genericKernels[float64](limits{minClasses: 2, accept: acceptance{minRatio: 0.125, perPartition: 0.03, minMass: 0x1p-900}, minGradient: 0x1p-6, stored: 1})}}
)

// stored32 brings the smallest float32 into the range of normal ones.
const stored32 = 1 << 32

func genericKernels[F Float](l limits) *rowKernels[F] {
	l.maxReach, l.accept[maxFall], l.accept[maxShift] = math.Inf(1), math.Inf(1), 1<<16
	keeping, keepingPair := keepingLoss[F], pairExponentials[F]
	if l.stored != 1 {
		keeping, keepingPair = nil, nil
	}
	return &rowKernels[F]{
		extremes[F], logitsLoss[F], logProbsLoss[F], pairLoss[F],
		negate[F], logitsPred[F], pairPred[F], targetProbs[F], pairTarget[F],
		keeping, keepingPair, keptPred[F],
		exponentials[F], pairExponentials[F], dotRows[F], centre[F],
		logPairLoss[F], mixedLoss[F], mixedPred[F], mixedTarget[F], negatePower[F], logPairTarget[F],
		probsLoss[F], probsPred[F], probsTarget[F],
		powersLoss[F], powersPred[F], powersTarget[F],
		jensenSums[F], jensenTarget[F],
		judgeLogits, judgePair, settleLogits, settlePair, logarithms, l,
	}
}

// storedScale is limits.stored for F.
func storedScale[F Float]() float64 {
	if unsafe.Sizeof(F(0)) == 8 {
		return 1
	}
	return stored32
}

// eachRow calls visit with every row of some tensors.
func eachRow[F Float](rows, classes int, tensors []*F, visit func(row int, of [][]F)) {
	of := make([][]F, len(tensors))
	for i, p := range tensors {
		of[i] = unsafe.Slice(p, rows*classes)
	}
	row := make([][]F, len(tensors))
	for r := range rows {
		for i := range of {
			row[i] = of[i][r*classes:][:classes:classes]
		}
		visit(r, row)
	}
}

func sumsOf(first *rowSums, rows int) []rowSums { return unsafe.Slice(first, rows) }

func coefficientsOf(first *coefficients, rows int) []coefficients {
	return unsafe.Slice(first, rows)
}

// extremes sets the shifts of x, of a row every sumCount numbers, and its reaches, which stand
// reachX − shiftX behind. A NaN may be passed over.
func extremes[F Float](x *F, rows, classes int, shift *float64) {
	const reach = reachX - shiftX
	numbers := unsafe.Slice(shift, (rows-1)*sumCount+reach+1)
	eachRow(rows, classes, []*F{x}, func(r int, of [][]F) {
		largest, smallest := of[0][0], of[0][0]
		for _, xi := range of[0] {
			largest, smallest = max(largest, xi), min(smallest, xi)
		}
		numbers[r*sumCount], numbers[r*sumCount+reach] = -float64(largest), float64(largest)-float64(smallest)
	})
}

// sumBlocks calls part for the classes in turn, some at a time, and sets a row's sums to
// those of what it returns, compensated. Equal terms are all rounded one way, which counts
// where the elements are float64 as the sums are.
func sumBlocks[F Float](record *rowSums, classes int, part func(from, to int) rowSums) {
	block := 256
	if unsafe.Sizeof(F(0)) == 8 {
		block = 4
	}
	var sums [sumCount]sum
	for from := 0; from < classes; from += block {
		s := part(from, min(from+block, classes))
		for i := partition; i < sumCount; i++ {
			sums[i].add(s[i])
		}
	}
	for i := partition; i < sumCount; i++ {
		record[i] = sums[i].value()
	}
}

// logRatioSums sums t and t·(log2 t − y), to which t = 0 adds nothing, and notes signs.
type logRatioSums struct{ mass, ratio, signs float64 }

func (s *logRatioSums) add(t, log2T, y float64) {
	if t != 0 {
		s.ratio += t * (log2T - y)
	}
	s.mass += t
	if math.Signbit(t) {
		s.signs = 1
	}
}

func (s *logRatioSums) store(into *rowSums) {
	into[mass], into[ratio], into[flags] = s.mass, s.ratio, s.signs
}

// logitsLoss sums 2^y, t and t·(log2 t − y).
func logitsLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		logitsRow(&out[r], of[0], of[1], nil)
	})
}

// keepingLoss is logitsLoss, and sets out = 2^y.
func keepingLoss[F Float](x, t, out *F, rows, classes int, sums *rowSums) {
	records := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		logitsRow(&records[r], of[0], of[1], of[2])
	})
}

func logitsRow[F Float](record *rowSums, x, t, out []F) {
	shift := record[shiftX]
	sumBlocks[F](record, len(x), func(from, to int) (s rowSums) {
		var loss logRatioSums
		for i := from; i < to; i++ {
			y := (float64(x[i]) + shift) * math.Log2E
			q := power2[F](y)
			if out != nil {
				out[i] = F(q)
			}
			s[partition] += q
			ti := float64(t[i])
			loss.add(ti, logarithm2[F](ti), y)
		}
		loss.store(&s)
		return s
	})
}

// logProbsLoss sums t and t·(log2 t − x·log2 e).
func logProbsLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		x, t := of[0], of[1]
		sumBlocks[F](&out[r], classes, func(from, to int) (s rowSums) {
			var loss logRatioSums
			for i, ti := range t[from:to] {
				loss.add(float64(ti), logarithm2[F](float64(ti)), float64(x[from+i])*math.Log2E)
			}
			loss.store(&s)
			return s
		})
	})
}

// farRatio is beyond any log ratio of which a subnormal power makes nothing that counts.
const farRatio = 0x1p124

// addRatio adds p·d, p being 2^τ: nothing where that is 0, and a flag where p may only be
// subnormal, of which power2 makes 0 too, and d is too large to be dropped.
func addRatio(s *rowSums, p, tau, d float64) {
	if tau > leastExponent {
		if !(math.Abs(d) <= farRatio) {
			s[flags] = 1
		}
		s[ratio] += p * d
	}
}

// pairLoss sums 2^y, 2^τ, τ being t's y, and 2^τ·(τ − y), to which 2^τ = 0 adds nothing.
func pairLoss[F Float](x, t *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t}, func(r int, of [][]F) {
		pairRow(&out[r], of[0], of[1], nil, nil, false)
	})
}

// pairExponentials is pairLoss, and sets ex = 2^y and et = 2^τ, times limits.stored.
func pairExponentials[F Float](x, t, ex, et *F, rows, classes int, sums *rowSums) {
	out := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t, ex, et}, func(r int, of [][]F) {
		pairRow(&out[r], of[0], of[1], of[2], of[3], false)
	})
}

// pairRow is told whether the target's powers count alone, see powerOf.
func pairRow[F Float](record *rowSums, x, t, ex, et []F, alone bool) {
	scale, ofX, ofT := storedScale[F](), record[shiftX], record[shiftT]
	sumBlocks[F](record, len(x), func(from, to int) (s rowSums) {
		for i := from; i < to; i++ {
			y, shifted := (float64(x[i])+ofX)*math.Log2E, float64(t[i])+ofT
			tau := shifted * math.Log2E
			q, p := power2[F](y), powerOf[F](shifted, tau, alone)
			if ex != nil {
				ex[i], et[i] = F(q*scale), F(p*scale)
			}
			s[partition] += q
			s[mass] += p
			addRatio(&s, p, tau, tau-y)
		}
		return s
	})
}

// exponentials sets out = 2^y, times limits.stored, and sums 2^y and t.
func exponentials[F Float](x, t, out *F, rows, classes int, sums *rowSums) {
	records := sumsOf(sums, rows)
	eachRow(rows, classes, []*F{x, t, out}, func(r int, of [][]F) {
		x, t, out := of[0], of[1], of[2]
		scale := storedScale[F]()
		shift := records[r][shiftX]
		sumBlocks[F](&records[r], classes, func(from, to int) (s rowSums) {
			for i := from; i < to; i++ {
				q := power2[F]((float64(x[i]) + shift) * math.Log2E)
				out[i] = F(q * scale)
				s[partition] += q
				s[mass] += float64(t[i])
				if math.Signbit(float64(t[i])) {
					s[flags] = 1
				}
			}
			return s
		})
	})
}
