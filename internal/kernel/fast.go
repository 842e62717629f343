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

// fastLoss returns the row's weighted divergence.
func (c *cursor[F]) fastLoss() (float64, bool) {
	k, x, t, ok := c.fastRow()
	if !ok {
		return 0, false
	}
	var divergence, mass float64
	switch {
	case c.Target == Logits && c.Pred == Logits:
		pair, ok := k.logitPair(c, x, t)
		return c.factor * pair.divergence, ok
	case c.Target != Probs || c.Epsilon != 0 || c.Pred == Probs:
		return 0, false
	case c.Pred == Logits:
		shift, _ := k.extremes(x)
		s, ok := c.blocks(block, func(i, n int) int { return k.logitsLoss(&x[i], &t[i], n, shift, &c.sums) })
		if !ok {
			return 0, false
		}
		mass = s[1]
		divergence = math.Ln2*s[2] + mass*math.Log(s[0])
	case c.Pred == LogProbs:
		s, ok := c.blocks(block, func(i, n int) int { return k.logProbsLoss(&x[i], &t[i], n, &c.sums) })
		if !ok {
			return 0, false
		}
		mass = s[1]
		divergence = math.Ln2 * s[2]
	}
	return c.factor * divergence, math.Abs(divergence) >= k.minRatio*mass
}

// fastPredGradient writes the row's gradient with respect to pred.
func (c *cursor[F]) fastPredGradient() bool {
	k, x, t, ok := c.fastRow()
	if !ok || c.Pred == Probs {
		return false
	}
	out, _ := c.contiguous(outOperand)
	n := len(x)
	switch {
	case c.Pred == Logits && c.Target == Logits:
		pair, ok := k.logitPair(c, x, t)
		if !ok {
			return false
		}
		gradient := k.logitPairGradient
		if k.narrow != nil && pair.spread < narrowSpread {
			gradient = k.narrow.logitPairGradient
		}
		gradient(&x[0], &t[0], &out[0], n, pair.shiftX, pair.shiftT, c.factor/pair.partitionX, c.factor/pair.partitionT)
		return true
	case c.Pred == Logits && c.Target == Probs:
		shift, smallest := k.extremes(x)
		expRow, combine, step := k.expRow, k.combine, block
		if k.narrow != nil && shift-smallest < narrowSpread {
			expRow, combine, step = k.narrow.expRow, k.narrow.combine, narrowBlock
		}
		s, ok := c.blocks(step, func(i, n int) int { return expRow(&x[i], &t[i], &out[i], n, shift, &c.sums) })
		if !ok {
			return false
		}
		combine(&out[0], &t[0], n, c.factor*s[1]/s[0], c.factor)
		return true
	}
	return false
}

// fastTargetGradient writes the row's gradient with respect to the target.
func (c *cursor[F]) fastTargetGradient() bool {
	k, x, t, ok := c.fastRow()
	if !ok || c.Pred != Logits {
		return false
	}
	out, _ := c.contiguous(outOperand)
	n := len(x)
	switch {
	case c.Target == Logits:
		pair, ok := k.logitPair(c, x, t)
		if !ok {
			return false
		}
		// r = ln 2·(τ − y) + log(Sₓ/Sₜ), of which the divergence is the mean.
		mean := (pair.divergence - pair.logPartitions) / math.Ln2
		k.targetLogitsGradient(&x[0], &t[0], &out[0], n, pair.shiftX, pair.shiftT, c.factor*math.Ln2/pair.partitionT, mean)
		return true
	case c.Target == Probs && c.Epsilon == 0:
		shift, _ := k.extremes(x)
		s, ok := c.blocks(block, func(i, n int) int { return k.expRow(&x[i], &t[i], &out[i], n, shift, &c.sums) })
		if !ok {
			return false
		}
		signs := k.targetProbsGradient(&x[0], &t[0], &out[0], n, shift, c.factor*math.Ln2, c.factor*(1+math.Log(s[0])))
		return signs == 0
	}
	return false
}

// fastRow returns the row where the machine has kernels and the row lies in
// memory as they need it.
func (c *cursor[F]) fastRow() (k *vectorKernels[F], x, t []F, ok bool) {
	if k = c.vectors; k == nil || !c.uniform {
		return nil, nil, nil, false
	}
	x, xOK := c.contiguous(predOperand)
	t, tOK := c.contiguous(targetOperand)
	return k, x, t, xOK && tOK
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
		largest = max(largest, float64(xi))
		smallest = min(smallest, float64(xi))
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
