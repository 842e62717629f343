package kernel

import "math"

// logSum is the logarithm of a plain positive number, of which every row of logits
// needs one: this takes half the time of math.Log.
func logSum(x float64) float64 { return math.Ln2 * logarithm2[float64](x) }

// logitsSums finds the shifts, and the sums of a loss.
func (w *worker[F]) logitsSums(k *rowKernels[F], i, n int) {
	x, classes := w.at(predOperand, i), w.problem.classes()
	k.extremes(x, n, classes, &w.sums[i][shiftX])
	w.level(k, i, n)
	t, sums := w.at(targetOperand, i), &w.sums[i]
	if w.keeps(k) && w.noted != nil {
		k.keepingLoss(x, t, w.keptRow(i), n, classes, sums)
	} else {
		k.logitsLoss(x, t, n, classes, sums)
	}
}

// pairSums is logitsSums for logits on both sides, and sets ratio to the divergence.
func (w *worker[F]) pairSums(k *rowKernels[F], i, n int) {
	w.rawPairSums(k, i, n)
	w.judgePairs(k, i, n)
}

func (w *worker[F]) rawPairSums(k *rowKernels[F], i, n int) {
	w.pairExtremes(k, i, n)
	w.level(k, i, n)
	if w.keeps(k) && w.noted != nil {
		k.keepingPair(w.at(predOperand, i), w.at(targetOperand, i), w.keptRow(i), w.keptTarget(i), n, w.problem.classes(), &w.sums[i])
	} else {
		w.sum(i, n, k.pairLoss)
	}
}

func (w *worker[F]) judgePairs(k *rowKernels[F], i, n int) {
	w.judgeRows(i, n, k.judgePair)
	for j := i; j < i+n; j++ {
		w.sums[j][ratio] = w.judged[j]
	}
}

// logPartitions is how much of a divergence of logits comes from partition functions.
func logPartitions(s *rowSums) float64 { return logSum(s[partition] / s[mass]) }

func (w *worker[F]) pairExtremes(k *rowKernels[F], i, n int) {
	classes := w.problem.classes()
	k.extremes(w.at(predOperand, i), n, classes, &w.sums[i][shiftX])
	k.extremes(w.at(targetOperand, i), n, classes, &w.sums[i][shiftT])
}

// level moves a shift for log ratios to be about what they are of probabilities, as far as
// that can be told before the partition functions are known. What they are off is rounded
// with them, and is what perPartition is for.
func (w *worker[F]) level(k *rowKernels[F], i, n int) {
	if !k.shiftLast {
		return
	}
	sums, expected := w.sums[i:][:n], w.expected
	pred, target := w.problem.Pred == Logits, w.problem.Target == Logits
	switch {
	case pred && target:
		for j := range sums {
			s := &sums[j]
			lower(s, shiftX, reachX, expected.logPartition(s[reachX])-expected.logPartition(s[reachT]))
		}
	case pred:
		for j := range sums {
			lower(&sums[j], shiftX, reachX, expected.logPartition(sums[j][reachX]))
		}
	case target:
		for j := range sums {
			lower(&sums[j], shiftT, reachT, expected.logPartition(sums[j][reachT]))
		}
	}
}

// lower lowers a shift by about a natural logarithm, in eighths of base 2, and widens the reach by
// as much.
func lower(s *rowSums, shift, reach int, logarithm float64) {
	const eighths = 3 << (51 - 3) // rounds to an eighth what is added to it, see eighths in _asm
	moved := math.Log2E*logarithm + eighths - eighths
	s[shift] -= moved
	s[reach] += math.Ln2 * math.Abs(moved)
}

// expectation is what a partition function of so many classes is expected to be.
type expectation struct{ logClasses, perLogClasses float64 } // the logarithm of their number, and one over it

func newExpectation(classes int) expectation {
	l := math.Log(float64(classes))
	return expectation{l, 1 / l}
}

// logPartition is that of more than one logit of a reach, drawn from a normal distribution and
// less their largest. With L the logarithm of their number it is L − σ·√(2L) + σ²/2, and the
// reach 2σ·√(2L): together (L − reach/4)²/L.
func (e expectation) logPartition(reach float64) float64 {
	rest := e.logClasses - reach/4
	if rest < 0 { // max looks for NaN and −0 too
		rest = 0
	}
	return rest * rest * e.perLogClasses
}

func (w *worker[F]) logitsLoss(k *rowKernels[F], i, n int) {
	w.logitsSums(k, i, n)
	if w.settleKept(k, k.settleLogits) {
		return
	}
	w.judgeRows(i, n, k.judgeLogits)
	w.settleJudged(i, n)
}

func (w *worker[F]) logProbsLoss(k *rowKernels[F], i, n int) {
	w.sum(i, n, k.logProbsLoss)
	for j := i; j < i+n; j++ {
		if s := &w.sums[j]; k.sound(s) {
			w.accept(j, math.Ln2*s[ratio], s[mass], 0)
		}
	}
}

func (w *worker[F]) pairLoss(k *rowKernels[F], i, n int) {
	w.rawPairSums(k, i, n)
	if w.settleKept(k, k.settlePair) {
		return
	}
	w.judgePairs(k, i, n)
	w.settleJudged(i, n)
}

// logitsGradient writes g·(q·Σp − p).
func (w *worker[F]) logitsGradient(k *rowKernels[F], i, n int) {
	if w.keeps(k) {
		w.keptGradient(k, i, n)
		return
	}
	w.subtract(k, i, n, (*worker[F]).logitsSums)
	w.write(i, n, k.logitsPred)
}

// linearGradient writes −g·p, which takes no logarithm.
func (w *worker[F]) linearGradient(k *rowKernels[F], i, n int) {
	w.scale(i, n, 1, 0, k.negate)
}

// pairPredGradient writes g·(q − p).
func (w *worker[F]) pairPredGradient(k *rowKernels[F], i, n int) {
	if w.keeps(k) {
		w.keptGradient(k, i, n)
		return
	}
	w.find(k, i, n, (*worker[F]).pairSums)
	sums, factors, done, told := w.toTell(i, n)
	for j := range sums {
		s, g := &sums[j], factors[j]
		done[j] = tell(&told[j], done[j] && s[ratio] >= k.minGradient, g/s[partition], g/s[mass])
		told[j][forX], told[j][forT] = s[shiftX], s[shiftT]
	}
	w.write(i, n, k.pairPred)
}

// move returns how far a whole shift is to be moved for exponents to be about the logarithms
// of probabilities, and 2 to that power.
func (k *rowKernels[F]) move(partition float64) (whole, power float64) {
	if !k.shiftLast {
		return 0, 1
	}
	const exponent = 0x7ff << 52
	power = math.Float64frombits(math.Float64bits(partition*math.Sqrt2) & exponent)
	return float64(math.Float64bits(power)>>52) - 1023, power
}

// pairTargetGradient writes g·p·(r − Σp·r).
func (w *worker[F]) pairTargetGradient(k *rowKernels[F], i, n int) {
	w.find(k, i, n, (*worker[F]).pairSums)
	sums, factors, done, told := w.toTell(i, n)
	logs := w.judged[i:][:n] // whose losses have been noted
	for j := range sums {
		logs[j] = sums[j][partition] / sums[j][mass]
	}
	k.logarithms(&logs[0], n)
	for j := range sums {
		s := &sums[j]
		moveX, _ := k.move(s[partition])
		moveT, power := k.move(s[mass])
		reach := w.reachOf(s) + math.Ln2*moveT
		done[j] = tell(&told[j], done[j] && reach <= k.maxReach && s[ratio] >= k.accept[minRatio],
			factors[j]*math.Ln2*power/s[mass], math.Log2E*(s[ratio]-logs[j])-(moveT-moveX))
		told[j][forX], told[j][forT] = s[shiftX]-moveX, s[shiftT]-moveT
	}
	w.write(i, n, k.pairTarget)
}

// logitsTargetGradient writes g·(log p − log q + 1).
func (w *worker[F]) logitsTargetGradient(k *rowKernels[F], i, n int) {
	w.find(k, i, n, (*worker[F]).logitsSums)
	sums, factors, done, told := w.toTell(i, n)
	logs := w.judged[i:][:n] // whose losses have been noted
	for j := range sums {
		s := &sums[j]
		move, power := k.move(s[partition])
		logs[j] = s[partition] / power
		told[j][forX], told[j][forT] = s[shiftX]-move, 0
	}
	k.logarithms(&logs[0], n)
	for j, g := range factors {
		done[j] = tell(&told[j], done[j], g*math.Ln2, g*(1+logs[j]))
	}
	w.write(i, n, k.targetProbs)
}

// logProbsTargetGradient is logitsTargetGradient where pred is normalised as it is.
func (w *worker[F]) logProbsTargetGradient(k *rowKernels[F], i, n int) {
	w.scale(i, n, math.Ln2, 1, k.targetProbs)
}

// logitsHVP writes g·Σp·q·(v − ⟨q,v⟩).
func (w *worker[F]) logitsHVP(k *rowKernels[F], i, n int) {
	x, t, out, classes := w.at(predOperand, i), w.at(targetOperand, i), w.at(outOperand, i), w.problem.classes()
	switch w.problem.Target {
	case Probs:
		k.extremes(x, n, classes, &w.sums[i][shiftX])
		k.exponentials(x, t, out, n, classes, &w.sums[i])
	case LogProbs:
		w.pairExtremes(k, i, n)
		w.unshift(i, n, shiftT, reachT)
		k.pairExponentials(x, t, out, w.spareRows(), n, classes, &w.sums[i])
		w.sum(i, n, k.mixedLoss) // whose powers are accurate by themselves
	case Logits:
		w.pairExtremes(k, i, n)
		k.pairExponentials(x, t, out, w.spareRows(), n, classes, &w.sums[i])
	}
	for j := i; j < i+n; j++ {
		w.done[j] = k.exact(&w.sums[j])
		if w.problem.Target == Logits {
			w.sums[j][mass] = 1 // the target matters only as it may be no distribution
		}
	}
	v := w.at(tangentOperand, i)
	k.dot(out, v, n, classes, &w.sums[i])
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		w.set(j, w.done[j] && finite(s[ratio]), w.factors[j]*s[mass]/(s[partition]*k.stored), s[ratio]/(s[partition]*k.stored))
	}
	k.centre(out, v, n, classes, &w.coefficients[i])
	w.unlessFound(i, n)
}
