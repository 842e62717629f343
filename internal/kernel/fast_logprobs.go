package kernel

import "math"

// Pairs of logits and log-probabilities take the kernels of two logits: log-probabilities
// are logits whose shift is 0, and whose partition function is not divided by.

// mostShift is the largest shift that is taken from a row of log-probabilities.
const mostShift = 32

// exponentSums finds the extremes and the sums of two sides, each logits or
// log-probabilities.
func (w *worker[F]) exponentSums(k *rowKernels[F], i, n int) {
	w.pairExtremes(k, i, n)
	if w.problem.Pred == LogProbs {
		w.unshift(i, n, shiftX, reachX)
	}
	sum := k.pairLoss
	if w.problem.Target == LogProbs {
		w.unshift(i, n, shiftT, reachT)
		sum = k.mixedLoss
	}
	w.level(k, i, n)
	w.sum(i, n, sum)
}

// unshift takes the shift of a side away.
func (w *worker[F]) unshift(i, n, shift, reach int) {
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		s[reach] += math.Abs(s[shift]) // from 0, and not from the largest
		if !(math.Abs(s[shift]) <= mostShift) {
			s[reach] = math.NaN() // which is in no range
		}
		s[shift] = 0
	}
}

// mixedSums is pairSums where one side is log-probabilities.
func (w *worker[F]) mixedSums(k *rowKernels[F], i, n int) {
	w.exponentSums(k, i, n)
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		if w.problem.Target == LogProbs {
			s[ratio] = math.Ln2*s[ratio] + s[mass]*logSum(s[partition])
		} else {
			s[ratio] = math.Ln2*s[ratio]/s[mass] - logSum(s[mass])
		}
	}
}

func (w *worker[F]) mixedLoss(k *rowKernels[F], i, n int) {
	w.mixedSums(k, i, n)
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		switch {
		case !w.note(j, s, k.sound(s)):
		case w.problem.Target == LogProbs:
			w.accept(j, s[ratio], s[mass], logSum(s[partition]))
		default:
			w.accept(j, s[ratio], 1, logSum(s[mass]))
		}
	}
}

// mixedPredGradient writes g·(q·Σp − p), p being exp(t).
func (w *worker[F]) mixedPredGradient(k *rowKernels[F], i, n int) {
	w.subtract(k, i, n, (*worker[F]).mixedSums)
	w.write(i, n, k.mixedPred)
}

// mixedTargetGradient writes g·p·(r + 1), r + 1 being τ − y − b, or for logits
// g·p·(r − Σp·r).
func (w *worker[F]) mixedTargetGradient(k *rowKernels[F], i, n int) {
	w.find(k, i, n, (*worker[F]).mixedSums)
	for j := i; j < i+n; j++ {
		s, a := &w.sums[j], w.factors[j]*math.Ln2
		if w.problem.Target == LogProbs {
			move, power := k.move(s[partition])
			w.set(j, w.done[j], a, -math.Log2E*(1+logSum(s[partition]/power)))
			w.coefficients[j][forX] = s[shiftX] - move
			continue
		}
		move, power := k.move(s[mass])
		reach := w.reachOf(s) + math.Ln2*move
		w.set(j, w.done[j] && reach <= k.maxReach && s[ratio] >= k.accept[minRatio],
			a*power/s[mass], math.Log2E*(s[ratio]+logSum(s[mass]/power)))
		w.coefficients[j][forT] = s[shiftT] - move
	}
	target := k.mixedTarget
	if w.problem.Target == Logits {
		target = k.pairTarget
	}
	w.write(i, n, target)
}

// negatePowersGradient writes −g·p where pred is log-probabilities.
func (w *worker[F]) negatePowersGradient(k *rowKernels[F], i, n int) {
	w.divided(k, i, n, (*worker[F]).mixedSums, func(s *rowSums, g float64) (ok bool, a, b float64) {
		return true, g / s[mass], 0
	})
	w.write(i, n, k.negatePower)
}

// logPairLoss takes a row whatever its divergence is: nothing cancels but t − x, and that
// exactly.
func (w *worker[F]) logPairLoss(k *rowKernels[F], i, n int) {
	w.sum(i, n, k.logPairLoss)
	w.settleSound(k, i, n)
}

// logPairTargetGradient writes g·p·(r + 1).
func (w *worker[F]) logPairTargetGradient(k *rowKernels[F], i, n int) {
	for j := i; j < i+n; j++ {
		w.set(j, true, w.factors[j]*math.Ln2, math.Log2E)
	}
	w.write(i, n, k.logPairTarget)
}
