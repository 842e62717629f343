package kernel

// A gradient with respect to logits is a sum of the exponentials that its loss is computed from:
// where its pass follows the loss's, they wait in its place for their factors.

// keeps reports whether exponentials go from the loss to its gradient.
func (w *worker[F]) keeps(k *rowKernels[F]) bool {
	return w.kept != nil && w.kind == 1 && k.keepingLoss != nil
}

// keptRow is where those of pred are of row i of those in work, and keptTarget where those
// of the target's logits are.
func (w *worker[F]) keptRow(i int) *F { return &w.kept[(w.first+i)*w.problem.classes()] }

func (w *worker[F]) keptTarget(i int) *F {
	w.leader.spareRows()
	return &w.leader.spare[i*w.problem.classes()]
}

// settleKept settles the rows in work, and their factors for a gradient that is made of kept
// exponentials. Of those that are settled nothing needs to be noted. It reports whether there is
// such a gradient.
func (w *worker[F]) settleKept(k *rowKernels[F], settle settling) bool {
	if !w.finishing || !w.keeps(k) {
		return false
	}
	unsettled := settle(&w.sums[0], w.count, w.acceptance(), w.settlement)
	copy(w.losses[w.first:], w.settlement[ofSettled][:w.count])
	done, fromKept := w.done[:w.count], w.fromKept[:w.count]
	for j := range done {
		done[j], fromKept[j] = true, true
	}
	if unsettled == 0 {
		return true
	}
	for j, verdict := range w.verdicts[:w.count] {
		if verdict != settledLoss {
			w.settleApart(k, j, verdict)
		}
	}
	return true
}

// settleApart notes the sums of row j, which is not settled, and finds what can be made of them.
func (w *worker[F]) settleApart(k *rowKernels[F], j int, verdict float64) {
	s, pair := &w.sums[j], w.problem.Target == Logits
	if pair {
		s[ratio] = w.judged[j]
	}
	w.note(j, s, verdict != unsoundSums)
	w.done[j] = verdict == accurateLoss && finite(w.factors[j])
	w.fromKept[j] = k.makesKept(s, pair, w.settlement[ofPred][j], w.settlement[ofTarget][j])
}

// keptGradient writes a gradient of kept exponentials: g·(q·Σp − p), which of logits on both sides is
// g·(q − p).
func (w *worker[F]) keptGradient(k *rowKernels[F], i, n int) {
	t, found := w.at(targetOperand, i), w.settlement
	if w.problem.Target == Logits {
		t = w.keptTarget(i)
	}
	if w.leader.finishing {
		found = w.leader.settlement
		copy(w.done[i:][:n], w.leader.fromKept[i:])
	} else {
		w.findKept(k, i, n)
	}
	k.keptPred(t, w.at(outOperand, i), n, w.problem.classes(), &found[ofPred][i], &found[ofTarget][i])
}

// findKept finds the factors of kept exponentials from what was noted of n rows.
func (w *worker[F]) findKept(k *rowKernels[F], i, n int) {
	pair, done := w.problem.Target == Logits, w.done[i:][:n]
	ofX, ofT := w.settlement[ofPred][i:][:n], w.settlement[ofTarget][i:][:n]
	for j, g := range w.factors[i:][:n] {
		s := &w.known[i+j]
		if pair {
			ofX[j], ofT[j] = g/s[partition], g/s[mass]
		} else {
			ofX[j], ofT[j] = g*s[mass]/s[partition], g
		}
		done[j] = k.makesKept(s, pair, ofX[j], ofT[j])
	}
}

// makesKept reports whether noted sums, and what is multiplied by, make an exact gradient of kept
// exponentials.
func (k *rowKernels[F]) makesKept(s *rowSums, pair bool, ofPred, ofTarget float64) bool {
	return k.makesGradient(s) && (!pair || s[ratio] >= k.minGradient) && nearOne(ofPred) && nearOne(ofTarget)
}
