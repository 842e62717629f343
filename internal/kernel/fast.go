package kernel

import "math"

// pair is the forms of both sides.
type pair struct{ pred, target Form }

// fastLoss returns the attempt at weighted divergences, nil for forms without kernels.
func fastLoss[F Float](p Problem) attempt[F] {
	switch {
	case p.hasJensenKernels():
		return (*worker[F]).jensenLoss
	case p.Family != KL || p.Epsilon != 0:
		return nil
	}
	switch (pair{p.Pred, p.Target}) {
	case pair{Logits, Logits}:
		return (*worker[F]).pairLoss
	case pair{Logits, Probs}:
		return (*worker[F]).logitsLoss
	case pair{LogProbs, Probs}:
		return (*worker[F]).logProbsLoss
	case pair{LogProbs, LogProbs}:
		return (*worker[F]).logPairLoss
	case pair{Logits, LogProbs}, pair{LogProbs, Logits}:
		return (*worker[F]).mixedLoss
	case pair{Probs, Probs}:
		return (*worker[F]).probsLoss
	case pair{Probs, LogProbs}, pair{Probs, Logits}:
		return (*worker[F]).powersLoss
	}
	return nil
}

// fastGradient returns the attempt at gradients with respect to one side.
func fastGradient[F Float](p Problem, wrt Side) attempt[F] {
	switch {
	case p.hasJensenKernels() && wrt == Pred:
		return (*worker[F]).jensenPredGradient
	case p.hasJensenKernels():
		return (*worker[F]).jensenTargetGradient
	case p.Family != KL:
		return nil
	case wrt == Pred:
		return fastPredGradient[F](p) // in which an epsilon does not matter
	case p.Epsilon != 0:
		return nil
	}
	switch (pair{p.Pred, p.Target}) {
	case pair{Logits, Logits}:
		return (*worker[F]).pairTargetGradient
	case pair{Logits, Probs}:
		return (*worker[F]).logitsTargetGradient
	case pair{LogProbs, Probs}:
		return (*worker[F]).logProbsTargetGradient
	case pair{LogProbs, LogProbs}:
		return (*worker[F]).logPairTargetGradient
	case pair{Logits, LogProbs}, pair{LogProbs, Logits}:
		return (*worker[F]).mixedTargetGradient
	case pair{Probs, Probs}:
		return (*worker[F]).probsTargetGradient
	case pair{Probs, LogProbs}, pair{Probs, Logits}:
		return (*worker[F]).powersTargetGradient
	}
	return nil
}

func fastPredGradient[F Float](p Problem) attempt[F] {
	switch (pair{p.Pred, p.Target}) {
	case pair{Logits, Logits}:
		return (*worker[F]).pairPredGradient
	case pair{Logits, Probs}:
		return (*worker[F]).logitsGradient
	case pair{LogProbs, Probs}:
		return (*worker[F]).linearGradient
	case pair{LogProbs, LogProbs}, pair{LogProbs, Logits}:
		return (*worker[F]).negatePowersGradient
	case pair{Logits, LogProbs}:
		return (*worker[F]).mixedPredGradient
	case pair{Probs, Probs}:
		return (*worker[F]).probsPredGradient
	case pair{Probs, LogProbs}, pair{Probs, Logits}:
		return (*worker[F]).powersPredGradient
	}
	return nil
}

// fastHVP returns the attempt at second derivatives.
func fastHVP[F Float](p Problem, along, wrt Side) attempt[F] {
	if p.Family == KL && along == Pred && wrt == Pred && p.Pred == Logits {
		return (*worker[F]).logitsHVP
	}
	return nil
}

// plain reports whether all are finite: an infinity or a NaN less itself is NaN.
func plain(x, y, z float64) bool { return x-x+y-y+z-z == 0 }

func finite(x float64) bool { return x-x == 0 }

// sound reports whether the sums of a loss are what they should be.
func (k *rowKernels[F]) sound(s *rowSums) bool { return isSound(&k.accept, s, s[ratio]) }

// exact reports whether exponentials are, and the mass.
func (k *rowKernels[F]) exact(s *rowSums) bool {
	return plain(s[partition], s[mass], 0) && s[flags] == 0 && max(s[reachX], s[reachT]) <= k.maxReach && inRange(&k.accept, s)
}

// nearOne reports whether a number is 0, or at least 2^−100 and below 2^100.
func nearOne(a float64) bool {
	const least, most = 1023 - 100, 1023 + 99
	return a == 0 || math.Float64bits(a)<<1>>53-least <= most-least
}

// accept notes row i's loss of a mass, if it is accurate: logPartition is how much of
// it comes from partition functions.
func (w *worker[F]) accept(i int, loss, mass, logPartition float64) {
	if isAccurate(w.acceptance(), loss, mass, logPartition) {
		w.settle(i, loss)
	}
}

// settle notes row i's loss. Where the factor is not finite it is not that times a sum: terms
// that are 0 stay 0.
func (w *worker[F]) settle(i int, loss float64) {
	if w.done[i] = finite(w.factors[i]); w.done[i] {
		w.setLoss(w.first+i, w.factors[i]*loss)
	}
}

// tell gives a kernel a row's factors, with which nothing is done unless it is ok and they,
// which float32 kernels round, neither overflow nor lose bits; and reports whether something is.
// Both shifts are left to whoever calls it, in a loop of few instructions a row.
func tell(c *coefficients, ok bool, a, b float64) bool {
	if ok = ok && nearOne(a) && nearOne(b); !ok {
		a, b = 0, 0
	}
	c[byA], c[byB], c[found] = a, b, 0
	return ok
}

// toTell is what is known of n rows and what becomes of them.
func (w *worker[F]) toTell(i, n int) (sums []rowSums, factors []float64, done []bool, told []coefficients) {
	return w.sums[i:][:n], w.factors[i:][:n], w.done[i:][:n], w.coefficients[i:][:n]
}

// set tells a kernel the factors of row i, and that nothing is shifted.
func (w *worker[F]) set(i int, ok bool, a, b float64) {
	c := &w.coefficients[i]
	c[forX], c[forT] = 0, 0
	w.done[i] = tell(c, ok, a, b)
}

// sum lets a kernel sum n rows.
func (w *worker[F]) sum(i, n int, kernel func(x, t *F, rows, classes int, sums *rowSums)) {
	kernel(w.at(predOperand, i), w.at(targetOperand, i), n, w.problem.classes(), &w.sums[i])
}

// write lets a kernel write a gradient of n rows.
func (w *worker[F]) write(i, n int, kernel func(x, t, out *F, rows, classes int, c *coefficients)) {
	kernel(w.at(predOperand, i), w.at(targetOperand, i), w.at(outOperand, i), n, w.problem.classes(), &w.coefficients[i])
	w.unlessFound(i, n)
}

// scale writes a gradient whose factors are g·a and g·b.
func (w *worker[F]) scale(i, n int, a, b float64, kernel func(x, t, out *F, rows, classes int, c *coefficients)) {
	for j := i; j < i+n; j++ {
		w.set(j, true, w.factors[j]*a, w.factors[j]*b)
	}
	w.write(i, n, kernel)
}

// subtract gives rows the factors of g·(q·Σp − p), of sums that sum finds.
func (w *worker[F]) subtract(k *rowKernels[F], i, n int, sum attempt[F]) {
	w.find(k, i, n, sum)
	sums, factors, done, told := w.toTell(i, n)
	for j := range sums {
		s, g := &sums[j], factors[j]
		done[j] = tell(&told[j], done[j], g*s[mass]/s[partition], g)
		told[j][forX], told[j][forT] = s[shiftX], 0
	}
}

// unlessFound takes back the rows that a kernel found it was not made for.
func (w *worker[F]) unlessFound(i, n int) {
	for j := i; j < i+n; j++ {
		w.done[j] = w.done[j] && w.coefficients[j][found] == 0
	}
}

// settleSound notes the losses that are ratios of sound sums.
func (w *worker[F]) settleSound(k *rowKernels[F], i, n int) {
	for j := i; j < i+n; j++ {
		if s := &w.sums[j]; k.sound(s) {
			w.settle(j, math.Ln2*s[ratio])
		}
	}
}

// divided gives rows their factors, which of log-probabilities need no sums: their mass
// is what it is.
func (w *worker[F]) divided(k *rowKernels[F], i, n int, sum attempt[F], factors func(s *rowSums, g float64) (ok bool, a, b float64)) {
	logits := w.problem.Target == Logits
	if logits {
		w.find(k, i, n, sum)
	}
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		if !logits {
			*s = rowSums{mass: 1}
			w.done[j] = true
		}
		ok, a, b := factors(s, w.factors[j])
		w.set(j, w.done[j] && ok, a, b)
		w.coefficients[j][forT] = s[shiftT]
	}
}
