package kernel

import "math"

// hasJensenKernels: exponents on both sides, and weights of which the mixture loses none.
func (p Problem) hasJensenKernels() bool {
	const least = 0x1p-20
	return p.Family == JensenShannon && p.Pred != Probs && p.Target != Probs && min(p.Beta, 1-p.Beta) >= least
}

// leastJensen is the smallest divergence of which the kernels keep nearly all bits where both
// masses are about 1, and mostMass what a mass may be at most.
const (
	leastJensen = 0x1p-7
	mostMass    = 2
)

// jensenSums leaves Σp·log2(p/m) and Σq·log2(q/m) in a and b, those that were noted or
// what it finds, and marks the rows done in which they are accurate.
func (w *worker[F]) jensenSums(k *rowKernels[F], i, n int) {
	w.growMixtures()
	if w.known == nil {
		w.findJensenSums(k, i, n)
		return
	}
	for j := i; j < i+n; j++ {
		known := &w.known[j]
		w.done[j] = known[kind] == w.kind
		w.mixtures[j] = w.mixtureOf(known)
		w.mixtures[j][byA], w.mixtures[j][byB] = known[ratio], known[reachX]
	}
}

func (w *worker[F]) findJensenSums(k *rowKernels[F], i, n int) {
	w.exponentSums(k, i, n)
	for j := i; j < i+n; j++ {
		w.mixtures[j] = w.mixtureOf(&w.sums[j])
	}
	k.jensenSums(w.at(predOperand, i), w.at(targetOperand, i), n, w.problem.classes(), &w.mixtures[i])
	for j := i; j < i+n; j++ {
		s, loss := &w.sums[j], w.jensenOf(j)
		w.done[j] = k.exact(s) && finite(loss) && loss >= leastJensen &&
			(w.problem.Pred == Logits || s[partition] <= mostMass) && (w.problem.Target == Logits || s[mass] <= mostMass)
	}
}

// mixtureOf is what the sums of exponents say of a mixture.
func (w *worker[F]) mixtureOf(s *rowSums) mixtureCoefficients {
	c := mixtureCoefficients{forX: s[shiftX], forT: s[shiftT], ofX: 1, ofT: 1, weight: w.problem.Beta, rest: 1 - w.problem.Beta}
	if w.problem.Pred == Logits {
		c[ofX] = 1 / s[partition]
	}
	if w.problem.Target == Logits {
		c[ofT] = 1 / s[mass]
	}
	c[between] = logarithm2[float64](c[ofT] / c[ofX])
	return c
}

// jensenOf is the divergence of row i.
func (w *worker[F]) jensenOf(i int) float64 {
	c := &w.mixtures[i]
	return math.Ln2 * (c[weight]*c[byA] + c[rest]*c[byB])
}

func (w *worker[F]) jensenLoss(k *rowKernels[F], i, n int) {
	w.jensenSums(k, i, n)
	for j := i; j < i+n; j++ {
		s, c := &w.sums[j], &w.mixtures[j]
		s[ratio], s[reachX], s[reachT] = c[byA], c[byB], c[byB]
		if w.note(j, s, w.done[j]) {
			w.settle(j, w.jensenOf(j))
		}
	}
}

// jensenTargetGradient writes g·β·p·log(p/m), for logits g·β·p·(log(p/m) − Σp·log(p/m)).
func (w *worker[F]) jensenTargetGradient(k *rowKernels[F], i, n int) {
	w.jensenSums(k, i, n)
	for j := i; j < i+n; j++ {
		w.weighSide(j, w.problem.Target, w.mixtures[j][byA])
	}
	k.jensenTarget(w.at(predOperand, i), w.at(targetOperand, i), w.at(outOperand, i), n, w.problem.classes(), &w.mixtures[i])
}

// jensenPredGradient is jensenTargetGradient with the sides exchanged.
func (w *worker[F]) jensenPredGradient(k *rowKernels[F], i, n int) {
	w.jensenSums(k, i, n)
	for j := i; j < i+n; j++ {
		c := &w.mixtures[j]
		c[forX], c[forT] = c[forT], c[forX]
		c[ofX], c[ofT] = c[ofT], c[ofX]
		c[weight], c[rest] = c[rest], c[weight]
		c[between] = -c[between]
		w.weighSide(j, w.problem.Pred, c[byB])
	}
	k.jensenTarget(w.at(targetOperand, i), w.at(predOperand, i), w.at(outOperand, i), n, w.problem.classes(), &w.mixtures[i])
}

// weighSide sets a and b for a side in a form, whose Σπ·log2(π/m) is mean.
func (w *worker[F]) weighSide(i int, form Form, mean float64) {
	c := &w.mixtures[i]
	a := w.factors[i] * c[weight] * math.Ln2
	if form != Logits {
		mean = 0
	}
	if w.done[i] = w.done[i] && nearOne(a); !w.done[i] {
		a, mean = 0, 0
	}
	c[byA], c[byB] = a, mean
}
