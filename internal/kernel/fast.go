package kernel

import (
	"math"
	"unsafe"
)

// fastLoss returns the attempt at weighted divergences, nil for forms without kernels.
func fastLoss[F Float](p Problem) attempt[F] {
	switch {
	case p.Pred == Logits && p.Target == Logits:
		return (*worker[F]).pairLoss
	case p.Target != Probs || p.Epsilon != 0:
		return nil
	case p.Pred == Logits:
		return (*worker[F]).logitsLoss
	case p.Pred == LogProbs:
		return (*worker[F]).logProbsLoss
	}
	return nil
}

// fastGradient returns the attempt at gradients with respect to one side.
func fastGradient[F Float](p Problem, wrt Side) attempt[F] {
	switch {
	case p.Pred == Logits && p.Target == Logits && wrt == Pred:
		return (*worker[F]).pairPredGradient
	case p.Pred == Logits && p.Target == Logits:
		return (*worker[F]).pairTargetGradient
	case p.Target != Probs || p.Pred == Probs:
		return nil
	case wrt == Pred && p.Pred == LogProbs:
		return (*worker[F]).linearGradient
	case wrt == Pred:
		return (*worker[F]).logitsGradient
	case p.Epsilon != 0:
		return nil
	case p.Pred == LogProbs:
		return (*worker[F]).logProbsTargetGradient
	}
	return (*worker[F]).logitsTargetGradient
}

// fastHVP returns the attempt at second derivatives.
func fastHVP[F Float](p Problem, along, wrt Side) attempt[F] {
	if along == Pred && wrt == Pred && p.Pred == Logits && p.Target != LogProbs {
		return (*worker[F]).logitsHVP
	}
	return nil
}

// plain reports whether all are finite: an infinity or a NaN less itself is NaN.
func plain(x, y, z float64) bool { return x-x+y-y+z-z == 0 }

// inRange reports whether a row is of a size that the kernels are made for.
func (k *rowKernels[F]) inRange(s *rowSums) bool {
	return math.Abs(s[shiftX]) <= k.maxShift && math.Abs(s[shiftT]) <= k.maxShift && (s[mass] >= k.minMass || s[mass] == 0)
}

// sound reports whether the sums of a loss are what they should be.
func (k *rowKernels[F]) sound(s *rowSums) bool {
	return plain(s[partition], s[mass], s[ratio]) && s[flags] == 0 && k.inRange(s)
}

// exact reports whether the exponentials are, and the mass.
func (k *rowKernels[F]) exact(s *rowSums) bool {
	return plain(s[partition], s[mass], 0) && s[flags] == 0 && max(s[reachX], s[reachT]) <= k.maxReach && k.inRange(s)
}

// representable reports whether the factors of a gradient, which float32 kernels round,
// neither overflow nor lose bits.
func representable(a, b float64) bool {
	const low, high = 0x1p-100, 0x1p100
	in := func(x float64) bool { return x == 0 || low <= math.Abs(x) && math.Abs(x) <= high }
	return in(a) && in(b)
}

// accept notes row i's divergence, if it is accurate: logPartition is how much of it
// comes from partition functions.
func (w *worker[F]) accept(k *rowKernels[F], i int, divergence, logPartition float64) {
	if math.Abs(divergence) >= (k.minRatio+k.perPartition*math.Abs(logPartition))*w.sums[i][mass] {
		w.losses[w.first+i], w.done[i] = w.factors[i]*divergence, true
	}
}

// logSum is the logarithm of a plain positive number, of which every row of logits
// needs one: this takes half the time of math.Log.
func logSum(x float64) float64 { return math.Ln2 * logarithm2[float64](x) }

func (w *worker[F]) logitsLoss(k *rowKernels[F], i, n int) {
	x, classes := w.at(predOperand, i), w.problem.classes()
	k.largest(x, n, classes, &w.sums[i])
	k.logitsLoss(x, w.at(targetOperand, i), n, classes, &w.sums[i])
	for j := i; j < i+n; j++ {
		if s := &w.sums[j]; k.sound(s) {
			logPartition := logSum(s[partition])
			w.accept(k, j, math.Ln2*s[ratio]+s[mass]*logPartition, logPartition)
		}
	}
}

func (w *worker[F]) logProbsLoss(k *rowKernels[F], i, n int) {
	k.logProbsLoss(w.at(predOperand, i), w.at(targetOperand, i), n, w.problem.classes(), &w.sums[i])
	for j := i; j < i+n; j++ {
		if s := &w.sums[j]; k.sound(s) {
			w.accept(k, j, math.Ln2*s[ratio], 0)
		}
	}
}

func (w *worker[F]) pairLoss(k *rowKernels[F], i, n int) {
	x, t, classes := w.at(predOperand, i), w.at(targetOperand, i), w.problem.classes()
	k.largest(x, n, classes, &w.sums[i])
	k.largest(t, n, classes, w.targetSums(i))
	k.pairLoss(x, t, n, classes, &w.sums[i])
	for j := i; j < i+n; j++ {
		if s := &w.sums[j]; k.sound(s) {
			divergence, logPartitions := pairDivergence(s)
			s[mass] = 1
			w.accept(k, j, divergence, logPartitions)
		}
	}
}

// pairDivergence returns the divergence of two rows of logits, and how much of it
// comes from their partition functions.
func pairDivergence(s *rowSums) (divergence, logPartitions float64) {
	logPartitions = logSum(s[partition] / s[mass])
	return math.Ln2*s[ratio]/s[mass] + logPartitions, logPartitions
}

// targetSums is row i's record, so shifted that what a kernel finds of x goes to where
// that of the target's logits belongs.
func (w *worker[F]) targetSums(i int) *rowSums {
	return (*rowSums)(unsafe.Add(unsafe.Pointer(&w.sums[i]), shiftT*unsafe.Sizeof(float64(0))))
}

// exponentials and pairExponentials find the shifts first.
func (w *worker[F]) exponentials(k *rowKernels[F], i, n int, out *F) {
	x, classes := w.at(predOperand, i), w.problem.classes()
	k.extremes(x, n, classes, &w.sums[i])
	k.exponentials(x, w.at(targetOperand, i), out, n, classes, &w.sums[i])
}

func (w *worker[F]) pairExponentials(k *rowKernels[F], i, n int, ex, et *F) {
	x, t, classes := w.at(predOperand, i), w.at(targetOperand, i), w.problem.classes()
	k.extremes(x, n, classes, &w.sums[i])
	k.extremes(t, n, classes, w.targetSums(i))
	k.pairExponentials(x, t, ex, et, n, classes, &w.sums[i])
}

// set gives row i its factors, which nothing is done with unless ok.
func (w *worker[F]) set(i int, ok bool, a, b float64) {
	w.done[i] = ok && representable(a, b)
	if !w.done[i] {
		a, b = 0, 0
	}
	w.coefficients[i] = coefficients{byA: a, byB: b}
}

// logitsGradient writes g·(q·Σp − p).
func (w *worker[F]) logitsGradient(k *rowKernels[F], i, n int) {
	t, out, classes := w.at(targetOperand, i), w.at(outOperand, i), w.problem.classes()
	w.exponentials(k, i, n, out)
	for j := i; j < i+n; j++ {
		s, g := &w.sums[j], w.factors[j]
		w.set(j, k.exact(s), g*s[mass]/(s[partition]*k.stored), g)
	}
	k.combine(out, t, n, classes, &w.coefficients[i])
}

// linearGradient writes −g·p, which takes no logarithm.
func (w *worker[F]) linearGradient(k *rowKernels[F], i, n int) {
	for j := i; j < i+n; j++ {
		w.set(j, true, w.factors[j], 0)
	}
	k.negate(w.at(predOperand, i), w.at(targetOperand, i), w.at(outOperand, i), n, w.problem.classes(), &w.coefficients[i])
	w.unlessFound(i, n)
}

// unlessFound takes back the rows that a kernel found it was not made for.
func (w *worker[F]) unlessFound(i, n int) {
	for j := i; j < i+n; j++ {
		w.done[j] = w.done[j] && w.coefficients[j][found] == 0
	}
}

// pairPredGradient writes g·(q − p).
func (w *worker[F]) pairPredGradient(k *rowKernels[F], i, n int) {
	out, p, classes := w.at(outOperand, i), w.spareRows(), w.problem.classes()
	w.pairExponentials(k, i, n, out, p)
	for j := i; j < i+n; j++ {
		s, g := &w.sums[j], w.factors[j]
		divergence, _ := pairDivergence(s)
		w.set(j, k.sound(s) && k.exact(s) && divergence >= k.minGradient, g/(s[partition]*k.stored), g/(s[mass]*k.stored))
	}
	k.combine(out, p, n, classes, &w.coefficients[i])
}

// move returns how far a whole shift is moved for exponents to be about the logarithms
// of probabilities.
func (k *rowKernels[F]) move(logPartition float64) float64 {
	if !k.whole {
		return 0
	}
	return math.Round(math.Log2E * logPartition)
}

// pairTargetGradient writes g·p·(r − Σp·r).
func (w *worker[F]) pairTargetGradient(k *rowKernels[F], i, n int) {
	x, t, out, classes := w.at(predOperand, i), w.at(targetOperand, i), w.at(outOperand, i), w.problem.classes()
	w.pairExponentials(k, i, n, w.spareRows(), out)
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		divergence, _ := pairDivergence(s)
		moveX, moveT := k.move(logSum(s[partition])), k.move(logSum(s[mass]))
		w.set(j, k.sound(s) && k.exact(s) && divergence >= k.minRatio,
			w.factors[j]*math.Ln2/(s[mass]*k.stored), s[ratio]/s[mass]-(moveT-moveX))
		w.coefficients[j][forX], w.coefficients[j][forT] = s[shiftX]-moveX, s[shiftT]-moveT
	}
	k.pairTarget(x, t, out, n, classes, &w.coefficients[i])
}

// logitsTargetGradient writes g·(log p − log q + 1).
func (w *worker[F]) logitsTargetGradient(k *rowKernels[F], i, n int) {
	x, t, out, classes := w.at(predOperand, i), w.at(targetOperand, i), w.at(outOperand, i), w.problem.classes()
	w.exponentials(k, i, n, out)
	for j := i; j < i+n; j++ {
		s, g := &w.sums[j], w.factors[j]
		logPartition := logSum(s[partition])
		move := k.move(logPartition)
		w.set(j, k.exact(s), g*math.Ln2, g*(1+logPartition-math.Ln2*move))
		w.coefficients[j][forX] = s[shiftX] - move
	}
	k.targetProbs(x, t, out, n, classes, &w.coefficients[i])
	w.unlessFound(i, n)
}

// logProbsTargetGradient is logitsTargetGradient where pred is normalised as it is.
func (w *worker[F]) logProbsTargetGradient(k *rowKernels[F], i, n int) {
	for j := i; j < i+n; j++ {
		w.set(j, true, w.factors[j]*math.Ln2, w.factors[j])
	}
	k.targetProbs(w.at(predOperand, i), w.at(targetOperand, i), w.at(outOperand, i), n, w.problem.classes(), &w.coefficients[i])
	w.unlessFound(i, n)
}

// logitsHVP writes g·Σp·q·(v − ⟨q,v⟩).
func (w *worker[F]) logitsHVP(k *rowKernels[F], i, n int) {
	out, classes := w.at(outOperand, i), w.problem.classes()
	pair := w.problem.Target == Logits
	if pair {
		// The target matters only as it may not be a distribution.
		w.pairExponentials(k, i, n, out, w.spareRows())
	} else {
		w.exponentials(k, i, n, out)
	}
	for j := i; j < i+n; j++ {
		w.done[j] = k.exact(&w.sums[j])
		if pair {
			w.sums[j][mass] = 1
		}
	}
	v := w.at(tangentOperand, i)
	k.dot(out, v, n, classes, &w.sums[i])
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		w.set(j, w.done[j] && plain(s[ratio], 0, 0), w.factors[j]*s[mass]/(s[partition]*k.stored), s[ratio]/(s[partition]*k.stored))
	}
	k.centre(out, v, n, classes, &w.coefficients[i])
}
