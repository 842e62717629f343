package kernel

import (
	"math"
	"unsafe"
)

// The ends of losses of logits, of many rows at a time: beside classes so few that a row is
// done in a hundred cycles, a logarithm and ten comparisons in Go are half of its time.

// Which losses are accurate, by index. The first two keep lanes of float32 within the bounds
// on the rows that TestBoundsUnderSearch finds, with thousands of climbs too.
const (
	// The smallest |divergence| ÷ mass: below it what rounding leaves of the sums' terms
	// counts.
	minRatio = iota

	// What adds to it for the logarithm of the partition function: that many times the
	// mass cancels in the divergence, with the error of both.
	perPartition

	// The smallest mass to which subnormal probabilities, whose logarithms are wrong, add
	// nothing.
	minMass

	// How far below a row's largest logit exponentials are still nearly 0: further down lanes
	// of float32 have no bits for an exponent's fraction.
	maxFall

	// The largest shift.
	maxShift

	// Of sums from which a gradient is made: how far below its largest logit a row's smallest
	// is at most, and the smallest divergence of two rows of logits.
	mostReach
	leastGradient

	acceptanceCount
)

type (
	acceptance = [acceptanceCount]float64
	judging    = func(sums *rowSums, rows int, a *acceptance, losses, verdicts *float64)
	settling   = func(sums *rowSums, rows int, a *acceptance, s *settlement) (unsettled int)
)

// What rows end with, by index.
const (
	ofFactors = iota
	ofLosses  // as judged
	ofSettled // losses times factors
	ofPred    // what keptPred multiplies exponentials by
	ofTarget  // and what it subtracts
	ofVerdicts
	settlementCount
)

type settlement = [settlementCount][mostRows + judgedAtOnce]float64

// Verdicts on a row.
const (
	unsoundSums  = iota
	soundSums    // which are what they should be
	accurateLoss // beside sound sums
	settledLoss  // and a gradient that is made of kept exponentials
)

// judgedAtOnce is how many rows a vector has at most: as many losses and verdicts are written
// where rows are fewer.
const judgedAtOnce = 8

// judgeLogits judges sums of logitsLoss, whose loss is ln 2·ratio + mass·log(partition).
func judgeLogits(sums *rowSums, rows int, a *acceptance, losses, verdicts *float64) {
	loss, verdict := unsafe.Slice(losses, rows), unsafe.Slice(verdicts, rows)
	for i, s := range sumsOf(sums, rows) {
		logPartition := logSum(s[partition])
		loss[i] = math.Ln2*s[ratio] + s[mass]*logPartition
		verdict[i] = verdictOn(a, &s, s[ratio], loss[i], s[mass], logPartition)
	}
}

// judgePair judges sums of pairLoss, whose loss is ln 2·ratio/mass + log(partition/mass).
func judgePair(sums *rowSums, rows int, a *acceptance, losses, verdicts *float64) {
	loss, verdict := unsafe.Slice(losses, rows), unsafe.Slice(verdicts, rows)
	for i, s := range sumsOf(sums, rows) {
		logPartition := logPartitions(&s)
		loss[i] = math.Ln2*s[ratio]/s[mass] + logPartition
		verdict[i] = verdictOn(a, &s, loss[i], loss[i], 1, logPartition)
	}
}

// settleLogits judges sums of logitsLoss, and sets all of s but the factors. It returns 0 unless
// some verdict is not settledLoss.
func settleLogits(sums *rowSums, rows int, a *acceptance, s *settlement) (unsettled int) {
	judgeLogits(sums, rows, a, &s[ofLosses][0], &s[ofVerdicts][0])
	for i, of := range sumsOf(sums, rows) {
		g := s[ofFactors][i]
		unsettled += settleRow(s, i, a, &of, g*of[mass]/of[partition], g, true)
	}
	return unsettled
}

// settlePair is settleLogits of sums of pairLoss.
func settlePair(sums *rowSums, rows int, a *acceptance, s *settlement) (unsettled int) {
	judgePair(sums, rows, a, &s[ofLosses][0], &s[ofVerdicts][0])
	for i, of := range sumsOf(sums, rows) {
		g := s[ofFactors][i]
		unsettled += settleRow(s, i, a, &of, g/of[partition], g/of[mass], s[ofLosses][i] >= a[leastGradient])
	}
	return unsettled
}

// settleRow settles row i, and returns 0 or, unless its verdict is settledLoss, 1. Unless the row
// differs, its gradient would be rounding.
func settleRow(s *settlement, i int, a *acceptance, sums *rowSums, pred, target float64, differs bool) int {
	s[ofSettled][i] = s[ofFactors][i] * s[ofLosses][i]
	s[ofPred][i], s[ofTarget][i] = pred, target
	if differs && s[ofVerdicts][i] == accurateLoss && finite(s[ofFactors][i]) &&
		max(sums[reachX], sums[reachT]) <= a[mostReach] && nearOne(pred) && nearOne(target) {
		s[ofVerdicts][i] = settledLoss
		return 0
	}
	return 1
}

// logarithms puts logSum of n numbers in their places.
func logarithms(x *float64, n int) {
	numbers := unsafe.Slice(x, n)
	for i, v := range numbers {
		numbers[i] = logSum(v)
	}
}

// verdictOn gives the verdict on a loss of a mass, of which logPartition comes from partition
// functions.
func verdictOn(a *acceptance, s *rowSums, ratio, loss, mass, logPartition float64) float64 {
	switch {
	case !isSound(a, s, ratio):
		return unsoundSums
	case !isAccurate(a, loss, mass, logPartition):
		return soundSums
	}
	return accurateLoss
}

func isSound(a *acceptance, s *rowSums, ratio float64) bool {
	return plain(s[partition], s[mass], ratio) && s[flags] == 0 && inRange(a, s)
}

// inRange reports whether a row is of a size that the kernels are made for.
func inRange(a *acceptance, s *rowSums) bool {
	return math.Abs(s[shiftX]) <= a[maxShift] && math.Abs(s[shiftT]) <= a[maxShift] &&
		s[reachX] <= a[maxFall] && s[reachT] <= a[maxFall] && (s[mass] >= a[minMass] || s[mass] == 0)
}

func isAccurate(a *acceptance, loss, mass, logPartition float64) bool {
	return math.Abs(loss) >= (a[minRatio]+a[perPartition]*math.Abs(logPartition))*mass
}

// judgeRows lets a kernel give verdicts on n rows.
func (w *worker[F]) judgeRows(i, n int, judge judging) {
	judge(&w.sums[i], n, w.acceptance(), &w.judged[i], &w.verdicts[i])
}

// settleJudged notes the losses and the sums of n rows by their verdicts.
func (w *worker[F]) settleJudged(i, n int) {
	switch {
	case w.noted == nil:
		w.settleLosses(i, n)
	case w.kind == 1:
		w.settleInPlace(i, n)
	default:
		w.settleEach(i, n)
	}
}

// settleLosses is settleEach where no sums are noted.
func (w *worker[F]) settleLosses(i, n int) {
	verdicts, losses, settled := w.verdicts[i:][:n], w.judged[i:][:n], w.losses[w.first+i:][:n]
	factors, done := w.factors[i:][:n], w.done[i:][:n]
	for j, g := range factors {
		if done[j] = verdicts[j] == accurateLoss && finite(g); done[j] {
			settled[j] = g * losses[j]
		}
	}
}

func (w *worker[F]) settleEach(i, n int) {
	for j := i; j < i+n; j++ {
		verdict := w.verdicts[j]
		if w.note(j, &w.sums[j], verdict != unsoundSums) && verdict == accurateLoss {
			w.settle(j, w.judged[j])
		}
	}
}

// settleInPlace is settleEach of sums that are where they are noted. As in settleLosses what note
// and settle do is written out, which takes half the time.
func (w *worker[F]) settleInPlace(i, n int) {
	sums, verdicts, losses := w.sums[i:][:n], w.verdicts[i:][:n], w.judged[i:][:n]
	factors, done := w.factors[i:][:n], w.done[i:][:n]
	var settled []float64
	if w.losses != nil {
		settled = w.losses[w.first+i:][:n]
	}
	for j := range sums {
		s := &sums[j]
		if verdicts[j] == unsoundSums {
			*s = rowSums{}
			continue
		}
		if s[reachT] > s[reachX] {
			s[reachX] = s[reachT]
		}
		s[kind] = 1
		done[j] = verdicts[j] == accurateLoss && finite(factors[j])
		switch {
		case !done[j]:
		case settled == nil:
			s[divergence] = factors[j] * losses[j]
		default:
			settled[j] = factors[j] * losses[j]
		}
	}
}

// acceptance is that of the losses that the kind in work finds.
func (w *worker[F]) acceptance() *acceptance { return &w.acceptances[int(w.kind)-1] }

// acceptance is that of losses of two forms.
func (l *limits) acceptance(of pair) acceptance {
	a := l.accept
	switch {
	case of.target == Logits:
		a[minRatio] += l.ofPowers
	case of == pair{LogProbs, Probs} && l.minPlain != 0:
		a[minRatio] = l.minPlain
	}
	a[mostReach], a[leastGradient] = l.maxReach, l.minGradient
	return a
}
