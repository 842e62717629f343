package kernel

import "math"

// probsLoss takes a row whatever its divergence is: no logarithms are subtracted.
func (w *worker[F]) probsLoss(k *rowKernels[F], i, n int) {
	w.sum(i, n, k.probsLoss)
	w.settleSound(k, i, n)
}

// probsPredGradient writes −g·p/q.
func (w *worker[F]) probsPredGradient(k *rowKernels[F], i, n int) {
	w.scale(i, n, 1, 0, k.probsPred)
}

// probsTargetGradient writes g·(log p/q + 1).
func (w *worker[F]) probsTargetGradient(k *rowKernels[F], i, n int) {
	w.scale(i, n, math.Ln2, 1, k.probsTarget)
}

// powersSums sums a divergence of log-probabilities or logits from probabilities.
func (w *worker[F]) powersSums(k *rowKernels[F], i, n int) {
	t, classes := w.at(targetOperand, i), w.problem.classes()
	if w.problem.Target == Logits {
		k.extremes(t, n, classes, &w.sums[i][shiftT])
	}
	k.powersLoss(w.at(predOperand, i), t, n, classes, &w.sums[i])
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		s[ratio] *= -math.Ln2
		if w.problem.Target == Logits {
			s[ratio] = s[ratio]/s[mass] - logSum(s[mass])
		}
	}
}

func (w *worker[F]) powersLoss(k *rowKernels[F], i, n int) {
	w.powersSums(k, i, n)
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		switch {
		case !k.sound(s):
		case w.problem.Target == Logits:
			w.accept(j, s[ratio], 1, logSum(s[mass]))
		default:
			w.accept(j, s[ratio], s[mass], 0)
		}
	}
}

// powersPredGradient writes −g·p/q.
func (w *worker[F]) powersPredGradient(k *rowKernels[F], i, n int) {
	w.divided(k, i, n, (*worker[F]).powersSums, func(s *rowSums, g float64) (ok bool, a, b float64) { return true, g / s[mass], 0 })
	w.write(i, n, k.powersPred)
}

// powersTargetGradient writes g·p·(r + 1), or for logits g·p·(r − Σp·r).
func (w *worker[F]) powersTargetGradient(k *rowKernels[F], i, n int) {
	w.divided(k, i, n, (*worker[F]).powersSums, func(s *rowSums, g float64) (ok bool, a, b float64) {
		if w.problem.Target == LogProbs {
			return true, -g * math.Ln2, math.Log2E
		}
		return s[ratio] >= k.accept[minRatio], -g * math.Ln2 / s[mass], -math.Log2E * (s[ratio] + logSum(s[mass]))
	})
	w.write(i, n, k.powersTarget)
}
