package kernel

import "math"

// block is the number of classes that a vector kernel sums before the sums are
// compensated, narrowBlock that of the kernels that sum in float32.
const (
	block       = 1024
	narrowBlock = 256
)

// vectorKernels are the row kernels of a machine with vector instructions, for
// one element type. rows_amd64.go says what each computes. They know no special
// cases: a caller looks at the sums, and takes the portable path for a row whose
// sums are not plain numbers.
type vectorKernels[F Float] struct {
	rowRange             func(x *F, n int) (largest, smallest F)
	rowRangeLanes        int
	logitsLoss           func(x, t *F, n int, shift float64, acc *[3]float64) int
	logProbsLoss         func(x, t *F, n int, acc *[3]float64) int
	logitPairLoss        func(x, t *F, n int, shiftX, shiftT float64, acc *[3]float64)
	expRow               func(x, t, out *F, n int, shift float64, acc *[3]float64) int
	combine              func(out, t *F, n int, a, b float64)
	logitPairGradient    func(x, t, out *F, n int, shiftX, shiftT, a, b float64)
	targetLogitsGradient func(x, t, out *F, n int, shiftX, shiftT, a, b float64)
	targetProbsGradient  func(x, t, out *F, n int, shift, a, b float64) int
	dot                  func(x, v *F, n int, acc *[3]float64)
	centre               func(out, v *F, n int, a, b float64)

	// narrow are twice as fast and fit rows without subnormal probabilities, nil
	// for float64.
	narrow *narrowKernels[F]

	// minRatio is the smallest |divergence| ÷ mass that the kernels' polynomials
	// leave accurate: their error is about 2^−33 of the mass in float32, 2^−50 in
	// float64.
	minRatio float64
}

// narrowKernels compute in F where vectorKernels compute in float64.
type narrowKernels[F Float] struct {
	expRow            func(x, t, out *F, n int, shift float64, acc *[3]float64) int
	combine           func(out, t *F, n int, a, b float64)
	logitPairGradient func(x, t, out *F, n int, shiftX, shiftT, a, b float64)
}

// narrowSpread is how far below a row's largest logit float32's probabilities
// become subnormal, 126·ln 2, with a margin.
const narrowSpread = 87

// vectors returns the kernels for F, nil where the machine has none.
func vectors[F Float]() *vectorKernels[F] {
	var zero F
	if _, single := any(zero).(float32); single {
		return any(vectors32).(*vectorKernels[F])
	}
	return any(vectors64).(*vectorKernels[F])
}

// extremes returns the largest and the smallest element of a row; NaN may be
// passed over.
func (k *vectorKernels[F]) extremes(x []F) (largest, smallest float64) {
	whole := len(x) / k.rowRangeLanes * k.rowRangeLanes
	largest, smallest = math.Inf(-1), math.Inf(1)
	if whole > 0 {
		high, low := k.rowRange(&x[0], whole)
		largest, smallest = float64(high), float64(low)
	}
	for _, xi := range x[whole:] {
		if float64(xi) > largest {
			largest = float64(xi)
		}
		if float64(xi) < smallest {
			smallest = float64(xi)
		}
	}
	return largest, smallest
}

// blocks calls add, which adds to c.sums, for every step of the row, and reports
// whether the totals are plain numbers and no element had its sign set.
func (c *cursor[F]) blocks(step int, add func(i, n int) int) (totals [3]float64, ok bool) {
	classes := c.classes()
	if classes <= step {
		c.sums = [3]float64{}
		signs := add(0, classes)
		return c.sums, signs == 0 && plain(c.sums)
	}
	var compensated [3]sum
	signs := 0
	for i := 0; i < classes; i += step {
		c.sums = [3]float64{}
		signs |= add(i, min(step, classes-i))
		for j, s := range c.sums {
			compensated[j].add(s)
		}
	}
	for j := range totals {
		totals[j] = compensated[j].value()
	}
	return totals, signs == 0 && plain(totals)
}

// plain reports whether all are finite: an infinity or a NaN less itself is NaN.
func plain(s [3]float64) bool { return s[0]-s[0]+s[1]-s[1]+s[2]-s[2] == 0 }

// exponentials is what a row of logits and one of probabilities come to.
type exponentials struct {
	shift, partition float64
	mass             float64 // of the probabilities
	narrow           bool    // computed by the narrow kernels
}

// exponentials sets out to the exponentials of the shifted logits, by the narrow
// kernels where they will do.
func (k *vectorKernels[F]) exponentials(c *cursor[F], x, t, out []F) (exponentials, bool) {
	shift, smallest := k.extremes(x)
	e := exponentials{shift: shift, narrow: k.narrow != nil && shift-smallest < narrowSpread}
	expRow, step := k.expRow, block
	if e.narrow {
		expRow, step = k.narrow.expRow, narrowBlock
	}
	s, ok := c.blocks(step, func(i, n int) int { return expRow(&x[i], &t[i], &out[i], n, shift, &c.sums) })
	e.partition, e.mass = s[0], s[1]
	return e, ok
}

// logitPair is what two rows of logits come to.
type logitPair struct {
	shiftX, shiftT         float64
	partitionX, partitionT float64
	logPartitions          float64 // log(Sₓ/Sₜ)
	divergence             float64
	spread                 float64 // of the logits of either row, the larger
}

func (k *vectorKernels[F]) logitPair(c *cursor[F], x, t []F) (logitPair, bool) {
	largestX, smallestX := k.extremes(x)
	largestT, smallestT := k.extremes(t)
	p := logitPair{shiftX: largestX, shiftT: largestT, spread: max(largestX-smallestX, largestT-smallestT)}
	s, ok := c.blocks(block, func(i, n int) int {
		k.logitPairLoss(&x[i], &t[i], n, p.shiftX, p.shiftT, &c.sums)
		return 0
	})
	p.partitionX, p.partitionT = s[0], s[1]
	p.logPartitions = math.Log(s[0] / s[1])
	p.divergence = math.Ln2*s[2]/s[1] + p.logPartitions
	return p, ok && p.divergence >= k.minRatio
}
