package kernel

// What row kernels find of one row, by index. Exponents are in base 2,
// y = (x + shift)·log2 e with the shift that brings the row's largest y to 0. Where
// limits.shiftLast is set it is y = x·log2 e + shift instead, and the shift a multiple of
// 1/8 that brings the largest y near 0, or to where level wants it.
const (
	shiftX    = iota
	shiftT    // of the target's logits
	reachX    // the largest logit less the smallest, and how far level or unshift moved them
	reachT    // that of the target's logits
	partition // Σ 2^y
	mass      // Σ t; of logits t, Σ 2^τ, τ being t's y
	ratio     // Σ t·(log2 t − y), Σ 2^τ·(τ − y), or Σ out·v
	flags     // not 0 where some t has its sign set, unless ratio is NaN for it
	sumCount
)

type rowSums = [sumCount]float64

// What a row kernel is told about one row, by index.
const (
	forX = iota // the shift of x
	forT        // that of the target's logits
	byA         // factors, see the kernels
	byB
	found // set by the kernel where it has flags: not 0 for a row it is not made for
	coefficientCount
)

type coefficients = [coefficientCount]float64

// What a kernel of mixtures is told beside, by index.
const (
	ofX     = coefficientCount + iota // the factor of 2^y
	ofT                               // and of 2^τ
	between                           // log2(ofT/ofX), by which τ − y is off log2(p/q)
	weight                            // of p
	rest                              // of q
	mixtureCount
)

type mixtureCoefficients = [mixtureCount]float64

// rowKernels are the inner loops, for one element type and one kind of arithmetic.
// Each runs over rows of classes that follow one another in memory, with one
// record a row. They know no special cases: whoever calls them looks at what
// they found, and takes a row to another kind, or to the portable path, where
// that is not plain. generic.go says what each computes, in Go.
type rowKernels[F Float] struct {
	extremes func(x *F, rows, classes int, shift *float64)

	logitsLoss, logProbsLoss, pairLoss func(x, t *F, rows, classes int, sums *rowSums)

	negate, logitsPred, pairPred, targetProbs, pairTarget func(x, t, out *F, rows, classes int, c *coefficients)

	// The halves of logitsPred and pairPred, the first with the loss. Of kinds that store
	// exponentials as they compute them, so that not a bit of either is another.
	keepingLoss func(x, t, out *F, rows, classes int, sums *rowSums)
	keepingPair func(x, t, ex, et *F, rows, classes int, sums *rowSums)
	keptPred    func(t, out *F, rows, classes int, a, b *float64)

	exponentials     func(x, t, out *F, rows, classes int, sums *rowSums)
	pairExponentials func(x, t, ex, et *F, rows, classes int, sums *rowSums)
	dot              func(out, v *F, rows, classes int, sums *rowSums)
	centre           func(out, v *F, rows, classes int, c *coefficients)

	logPairLoss, mixedLoss     func(x, t *F, rows, classes int, sums *rowSums)
	mixedPred, mixedTarget     func(x, t, out *F, rows, classes int, c *coefficients)
	negatePower, logPairTarget func(x, t, out *F, rows, classes int, c *coefficients)

	// Not of lanes of float32, which have no precision to spare for logarithms near 0.
	probsLoss              func(x, t *F, rows, classes int, sums *rowSums)
	probsPred, probsTarget func(x, t, out *F, rows, classes int, c *coefficients)

	powersLoss               func(x, t *F, rows, classes int, sums *rowSums)
	powersPred, powersTarget func(x, t, out *F, rows, classes int, c *coefficients)

	jensenSums   func(x, t *F, rows, classes int, c *mixtureCoefficients)
	jensenTarget func(x, t, out *F, rows, classes int, c *mixtureCoefficients)

	// Of the sums of logitsLoss and pairLoss, see judge.go. They read and write fewer than
	// judgedAtOnce numbers more than there are rows, but for the sums.
	judgeLogits, judgePair   judging
	settleLogits, settlePair settling

	// Puts the logarithms of n plain positive numbers in their places, as logSum has them. It
	// touches fewer than judgedAtOnce more.
	logarithms func(x *float64, n int)

	limits
}

// limits say which rows a kind of arithmetic is accurate for.
type limits struct {
	// minClasses is the smallest number of classes. Rows of few are nearer to what is not
	// accurate, and take other kinds no longer.
	minClasses int

	// accept says which losses are accurate.
	accept acceptance

	// ofPowers adds to minRatio where the target's probabilities are powers, each with an
	// error, and their sum.
	ofPowers float64

	// minPlain is in place of minRatio, if it is not 0, where no exponential is taken.
	minPlain float64

	// minGradient is the smallest divergence of two rows of logits whose difference
	// of probabilities is more than rounding.
	minGradient float64

	// maxReach is how far below a row's largest logit probabilities are still exact.
	maxReach float64

	// stored is what exponentials are multiplied by where they are stored, so that those
	// of subnormal probabilities keep their bits.
	stored float64

	// shiftLast says what a shift is, see shiftX. It is moved to where exponents are
	// logarithms of probabilities, for log ratios are rounded to float32.
	shiftLast bool
}

// kernelSet is the kinds of kernels of an instruction set, the fastest first.
type kernelSet[F Float] struct {
	name   string
	fewest int // classes for which it is faster than the next set
	kinds  []*rowKernels[F]
}

// mostKinds is how many a set has at most.
const mostKinds = 2

func kernelSets[F Float]() []kernelSet[F] {
	var zero F
	if _, single := any(zero).(float32); single {
		return any(kernels32).([]kernelSet[F])
	}
	return any(kernels64).([]kernelSet[F])
}

// InstructionSet names the fastest set of this machine.
func InstructionSet() string { return kernels32[0].name }

// kernelsFor returns the fastest set for a problem.
func kernelsFor[F Float](p Problem) []*rowKernels[F] {
	for _, set := range kernelSets[F]() {
		if p.classes() >= set.fewest {
			return set.kinds
		}
	}
	return nil
}
