package kernel

import (
	"math"
	"sync"
)

// Fault is what makes a row no pair of distributions.
type Fault struct {
	Kind  FaultKind
	Side  Side
	Row   int
	Value float64 // the entry, or the sum
	Looks Form    // what the row looks like, where that is not its form
}

// FaultKind says what is wrong.
type FaultKind uint8

const (
	NoFault    FaultKind = iota
	NotNumber            // an entry is NaN
	OutOfRange           // a negative probability, or a positive logarithm of one
	WrongSum             // probabilities that do not sum to 1
	NoScores             // logits of which one is +∞, or all −∞
	NoOverlap            // no class has probability on both sides
)

// SumTolerance is how far from 1 the probabilities of a row may sum: each of C numbers is
// rounded to F, and so is the sum of an implementation that adds them one by one, by at
// most C·ε/2; as logarithms they are off by at most half their entropy times ε, and that is
// at most log C.
func SumTolerance[F Float](classes int) float64 {
	epsilon := 0x1p-23
	if F(1)+F(0x1p-52) != 1 {
		epsilon = 0x1p-52
	}
	return epsilon * (16 + float64(classes))
}

// Check returns the first row that has a fault and is not dropped, nil if there is none.
func Check[F Float](p Problem, in *Operands[F]) *Fault {
	var first *Fault
	var lock sync.Mutex
	tolerance := SumTolerance[F](p.classes())
	t := newTask(p, in, View[F]{}, View[F]{})
	t.each(nil, func(c *cursor[F], number int) {
		c.fillWeights() // for its memory
		gather(c.x, c.tensors[predOperand], c.offset[predOperand], p.Axis)
		gather(c.work, c.tensors[targetOperand], c.offset[targetOperand], p.Axis)
		f := checkPair(p, c.x, c.work, tolerance)
		if f.Kind == NoFault {
			return
		}
		f.Row = number
		lock.Lock()
		defer lock.Unlock()
		if first == nil || number < first.Row {
			first = &f
		}
	})
	return first
}

func checkPair(p Problem, x, t []float64, tolerance float64) Fault {
	if p.Family == Gaussian {
		for side, row := range [][]float64{x, t} {
			if f := checkNumbers(row); f.Kind != NoFault {
				f.Side = Side(side)
				return f
			}
		}
		return Fault{}
	}
	for side, row := range [][]float64{x, t} {
		if f := checkRow(p.form(Side(side)), row, tolerance); f.Kind != NoFault {
			f.Side = Side(side)
			return f
		}
	}
	if p.Family != KL {
		return Fault{} // the divergence of disjoint distributions is finite
	}
	for i := range x {
		if hasMass(p.Pred, x[i]) && hasMass(p.Target, t[i]) {
			return Fault{}
		}
	}
	return Fault{Kind: NoOverlap}
}

func hasMass(form Form, x float64) bool {
	return form == Probs && x > 0 || form != Probs && x > math.Inf(-1)
}

func checkNumbers(row []float64) Fault {
	for _, x := range row {
		if x != x {
			return Fault{Kind: NotNumber, Value: x}
		}
	}
	return Fault{}
}

func checkRow(form Form, row []float64, tolerance float64) Fault {
	if f := checkNumbers(row); f.Kind != NoFault {
		f.Looks = form
		return f
	}
	if form == Logits {
		finite := false
		for _, x := range row {
			if math.IsInf(x, 1) {
				return Fault{Kind: NoScores, Value: x, Looks: form}
			}
			finite = finite || !math.IsInf(x, -1)
		}
		if !finite {
			return Fault{Kind: NoScores, Value: math.Inf(-1), Looks: form}
		}
		return Fault{}
	}
	sum := 0.0
	for _, x := range row {
		switch {
		case form == Probs && x < 0, form == LogProbs && x > tolerance:
			return Fault{Kind: OutOfRange, Value: x, Looks: looksLike(row)}
		case form == Probs:
			sum += x
		case x > -math.MaxFloat64:
			sum += power2[float64](x * math.Log2E)
		}
	}
	if !(math.Abs(sum-1) <= tolerance) {
		return Fault{Kind: WrongSum, Value: sum, Looks: looksLike(row)}
	}
	return Fault{}
}

// looksLike guesses a row's form.
func looksLike(row []float64) Form {
	const near = 0.01
	sum, exponentials, unit, negative := 0.0, 0.0, true, true
	for _, x := range row {
		sum += x
		exponentials += math.Exp(x)
		unit = unit && 0 <= x && x <= 1
		negative = negative && x <= near
	}
	switch {
	case unit && math.Abs(sum-1) <= near:
		return Probs
	case negative && math.Abs(exponentials-1) <= near:
		return LogProbs
	}
	return Logits
}
