package kernel

import "math"

// block is the number of classes that a vector kernel sums before the sums are
// compensated.
const block = 1024

// vectorKernels are the row kernels of a machine with vector instructions, for
// one element type. rows_amd64.go says what each computes. They know no special
// cases: a caller looks at the sums, and takes the portable path for a row whose
// sums are not plain numbers.
type vectorKernels[F Float] struct {
	rowMax               func(x *F, n int) F
	rowMaxLanes          int
	logitsLoss           func(x, t *F, n int, shift float64, acc *[3]float64) int
	logProbsLoss         func(x, t *F, n int, acc *[3]float64) int
	logitPairLoss        func(x, t *F, n int, shiftX, shiftT float64, acc *[3]float64)
	expRow               func(x, t, out *F, n int, shift float64, acc *[3]float64) int
	combine              func(out, t *F, n int, a, b float64)
	logitPairGradient    func(x, t, out *F, n int, shiftX, shiftT, a, b float64)
	targetLogitsGradient func(x, t, out *F, n int, shiftX, shiftT, a, b float64)
	targetProbsGradient  func(x, t, out *F, n int, shift, a, b float64) int

	// minRatio is the smallest |divergence| ÷ mass that the kernels' polynomials
	// leave accurate: their error is about 2^−33 of the mass in float32, 2^−50 in
	// float64.
	minRatio float64
}

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
		shift := k.max(x)
		s, ok := k.sums(c, x, func(i, n int) int { return k.logitsLoss(&x[i], &t[i], n, shift, &c.sums) })
		if !ok {
			return 0, false
		}
		mass = s[1]
		divergence = math.Ln2 * (s[2] + mass*math.Log2(s[0]))
	case c.Pred == LogProbs:
		s, ok := k.sums(c, x, func(i, n int) int { return k.logProbsLoss(&x[i], &t[i], n, &c.sums) })
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
		k.logitPairGradient(&x[0], &t[0], &out[0], n, pair.shiftX, pair.shiftT, c.factor/pair.partitionX, c.factor/pair.partitionT)
		return true
	case c.Pred == Logits && c.Target == Probs:
		shift := k.max(x)
		s, ok := k.sums(c, x, func(i, n int) int { return k.expRow(&x[i], &t[i], &out[i], n, shift, &c.sums) })
		if !ok {
			return false
		}
		k.combine(&out[0], &t[0], n, c.factor*s[1]/s[0], c.factor)
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
		// r = ln 2·(τ − y + log2(Sₓ/Sₜ)), of which the divergence is the mean.
		mean := pair.divergence/math.Ln2 - pair.logPartitions
		k.targetLogitsGradient(&x[0], &t[0], &out[0], n, pair.shiftX, pair.shiftT, c.factor*math.Ln2/pair.partitionT, mean)
		return true
	case c.Target == Probs && c.Epsilon == 0:
		shift := k.max(x)
		s, ok := k.sums(c, x, func(i, n int) int { return k.expRow(&x[i], &t[i], &out[i], n, shift, &c.sums) })
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
	if k = vectors[F](); k == nil || !c.uniform {
		return nil, nil, nil, false
	}
	x, xOK := c.contiguous(predOperand)
	t, tOK := c.contiguous(targetOperand)
	return k, x, t, xOK && tOK
}

func (k *vectorKernels[F]) max(x []F) float64 {
	whole := len(x) / k.rowMaxLanes * k.rowMaxLanes
	largest := math.Inf(-1)
	if whole > 0 {
		largest = float64(k.rowMax(&x[0], whole))
	}
	for _, xi := range x[whole:] {
		if float64(xi) > largest {
			largest = float64(xi)
		}
	}
	return largest
}

// sums calls add, which adds to c.sums, for every block of the row, and reports
// whether the totals are plain numbers and no element had its sign set.
func (k *vectorKernels[F]) sums(c *cursor[F], x []F, add func(i, n int) int) ([3]float64, bool) {
	var totals [3]sum
	signs := 0
	for i := 0; i < len(x); i += block {
		c.sums = [3]float64{}
		signs |= add(i, min(block, len(x)-i))
		for j, s := range c.sums {
			totals[j].add(s)
		}
	}
	var s [3]float64
	ok := signs == 0
	for j := range totals {
		s[j] = totals[j].value()
		ok = ok && !math.IsNaN(s[j]) && !math.IsInf(s[j], 0)
	}
	return s, ok
}

// logitPair is what two rows of logits come to.
type logitPair struct {
	shiftX, shiftT         float64
	partitionX, partitionT float64
	logPartitions          float64 // log2(Sₓ/Sₜ)
	divergence             float64
}

func (k *vectorKernels[F]) logitPair(c *cursor[F], x, t []F) (logitPair, bool) {
	p := logitPair{shiftX: k.max(x), shiftT: k.max(t)}
	s, ok := k.sums(c, x, func(i, n int) int {
		k.logitPairLoss(&x[i], &t[i], n, p.shiftX, p.shiftT, &c.sums)
		return 0
	})
	p.partitionX, p.partitionT = s[0], s[1]
	p.logPartitions = math.Log2(s[0] / s[1])
	p.divergence = math.Ln2 * (s[2]/s[1] + p.logPartitions)
	return p, ok && p.divergence >= k.minRatio
}
