package kernel

import "sync"

// records are what is noted of the rows in work.
type records struct {
	offsets      [][operandCount]int // of a task's operands, made unless its rows are packed and its factors constant
	done         []bool
	fromKept     []bool // of which gradients are made of kept exponentials
	found        []rowSums
	coefficients []coefficients

	settlement                *settlement
	factors, judged, verdicts []float64 // of the settlement, its losses as judged: see judgeRows

	mixtures []mixtureCoefficients // made where there are mixtures
	passed   []rowSums             // made where nothing else keeps what is noted
}

// pool keeps records for the next worker: a small task would spend its time making
// them.
var pool = sync.Pool{New: func() any { return new(records) }}

func (r *records) grow(n int) {
	if len(r.done) >= n {
		return
	}
	s := r.settlement
	if s == nil {
		s = new(settlement)
	}
	*r = records{
		settlement: s, factors: s[ofFactors][:], judged: s[ofLosses][:], verdicts: s[ofVerdicts][:],
		done: make([]bool, n), fromKept: make([]bool, n), found: make([]rowSums, n), coefficients: make([]coefficients, n),
	}
}

func (r *records) growMixtures() {
	if len(r.mixtures) < len(r.done) {
		r.mixtures = make([]mixtureCoefficients, len(r.done))
	}
}
