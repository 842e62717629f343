package kernel

import "math"

// hasJensenKernels: exponents on both sides, and weights of which the mixture loses none.
func (p Problem) hasJensenKernels() bool {
	const least = 0x1p-20
	return p.Family == JensenShannon && p.Pred != Probs && p.Target != Probs && min(p.Beta, 1-p.Beta) >= least
}

// leastJensen is the smallest divergence of which the kernels keep nearly all bits: its
// terms are about 1.
const leastJensen = 0x1p-7

// jensenSums leaves Σp·log2(p/m) and Σq·log2(q/m) in a and b, and marks the rows done in
// which they are accurate. It returns the divergences.
func (w *worker[F]) jensenSums(k *rowKernels[F], i, n int) {
	w.exponentSums(k, i, n)
	for j := i; j < i+n; j++ {
		s := &w.sums[j]
		c := coefficients{forX: s[shiftX], forT: s[shiftT], ofX: 1, ofT: 1, weight: w.problem.Beta, rest: 1 - w.problem.Beta}
		if w.problem.Pred == Logits {
			c[ofX] = 1 / s[partition]
		}
		if w.problem.Target == Logits {
			c[ofT] = 1 / s[mass]
		}
		c[between] = logarithm2[float64](c[ofT] / c[ofX])
		w.coefficients[j] = c
	}
	k.jensenSums(w.at(predOperand, i), w.at(targetOperand, i), n, w.problem.classes(), &w.coefficients[i])
	for j := i; j < i+n; j++ {
		s, c := &w.sums[j], &w.coefficients[j]
		s[ratio] = math.Ln2 * (c[weight]*c[byA] + c[rest]*c[byB])
		w.done[j] = k.exact(s) && plain(s[ratio], 0, 0) && s[ratio] >= leastJensen
	}
}

func (w *worker[F]) jensenLoss(k *rowKernels[F], i, n int) {
	w.jensenSums(k, i, n)
	for j := i; j < i+n; j++ {
		if w.done[j] {
			w.settle(j, w.sums[j][ratio])
		}
	}
}

// jensenTargetGradient writes g·β·p·log(p/m), for logits g·β·p·(log(p/m) − Σp·log(p/m)).
func (w *worker[F]) jensenTargetGradient(k *rowKernels[F], i, n int) {
	w.jensenSums(k, i, n)
	for j := i; j < i+n; j++ {
		w.weighSide(j, w.problem.Target, w.coefficients[j][byA])
	}
	k.jensenTarget(w.at(predOperand, i), w.at(targetOperand, i), w.at(outOperand, i), n, w.problem.classes(), &w.coefficients[i])
}

// jensenPredGradient is jensenTargetGradient with the sides exchanged.
func (w *worker[F]) jensenPredGradient(k *rowKernels[F], i, n int) {
	w.jensenSums(k, i, n)
	for j := i; j < i+n; j++ {
		c := &w.coefficients[j]
		c[forX], c[forT] = c[forT], c[forX]
		c[ofX], c[ofT] = c[ofT], c[ofX]
		c[weight], c[rest] = c[rest], c[weight]
		c[between] = -c[between]
		w.weighSide(j, w.problem.Pred, c[byB])
	}
	k.jensenTarget(w.at(targetOperand, i), w.at(predOperand, i), w.at(outOperand, i), n, w.problem.classes(), &w.coefficients[i])
}

// weighSide sets a and b for a side in a form, whose Σπ·log2(π/m) is mean.
func (w *worker[F]) weighSide(i int, form Form, mean float64) {
	c := &w.coefficients[i]
	a := w.factors[i] * c[weight] * math.Ln2
	if form != Logits {
		mean = 0
	}
	if w.done[i] = w.done[i] && representable(a, 0); !w.done[i] {
		a, mean = 0, 0
	}
	c[byA], c[byB] = a, mean
}
