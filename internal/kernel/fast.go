package kernel

import "math"

// fastRow returns the row where the machine has kernels and the row lies in
// memory as they need it.
func (c *cursor[F]) fastRow() (k *vectorKernels[F], x, t []F, ok bool) {
	if k = c.vectors; k == nil || !c.uniform {
		return nil, nil, nil, false
	}
	x, xOK := c.contiguous(predOperand)
	t, tOK := c.contiguous(targetOperand)
	return k, x, t, xOK && tOK
}

// fastRows is fastRow for functions that write a row of their own.
func (c *cursor[F]) fastRows() (k *vectorKernels[F], x, t, out []F, ok bool) {
	k, x, t, ok = c.fastRow()
	out, outOK := c.contiguous(outOperand)
	return k, x, t, out, ok && outOK
}

// fastLoss returns the row's weighted divergence.
func (c *cursor[F]) fastLoss() (float64, bool) {
	k, x, t, ok := c.fastRow()
	if !ok {
		return 0, false
	}
	var divergence, mass float64
	switch {
	case c.Target == Logits && c.Pred == Logits:
		pair, ok := k.logitPair(c, x, t)
		return c.factor * pair.divergence, ok
	case c.Target != Probs || c.Epsilon != 0 || c.Pred == Probs:
		return 0, false
	case c.Pred == Logits:
		shift, _ := k.extremes(x)
		s, ok := c.blocks(block, func(i, n int) int { return k.logitsLoss(&x[i], &t[i], n, shift, &c.sums) })
		if !ok {
			return 0, false
		}
		mass = s[1]
		divergence = math.Ln2*s[2] + mass*math.Log(s[0])
	case c.Pred == LogProbs:
		s, ok := c.blocks(block, func(i, n int) int { return k.logProbsLoss(&x[i], &t[i], n, &c.sums) })
		if !ok {
			return 0, false
		}
		mass = s[1]
		divergence = math.Ln2 * s[2]
	}
	return c.factor * divergence, math.Abs(divergence) >= k.minRatio*mass
}

// fastPredGradient writes the row's gradient with respect to pred.
func (c *cursor[F]) fastPredGradient() bool {
	if c.Pred == LogProbs && c.Target == Probs {
		return c.linearPredGradient()
	}
	k, x, t, out, ok := c.fastRows()
	if !ok || c.Pred != Logits {
		return false
	}
	n := len(x)
	switch c.Target {
	case Logits:
		pair, ok := k.logitPair(c, x, t)
		if !ok {
			return false
		}
		gradient := k.logitPairGradient
		if k.narrow != nil && pair.spread < narrowSpread {
			gradient = k.narrow.logitPairGradient
		}
		gradient(&x[0], &t[0], &out[0], n, pair.shiftX, pair.shiftT, c.factor/pair.partitionX, c.factor/pair.partitionT)
		return true
	case Probs:
		e, ok := k.exponentials(c, x, t, out)
		if !ok {
			return false
		}
		combine := k.combine
		if e.narrow {
			combine = k.narrow.combine
		}
		combine(&out[0], &t[0], n, c.factor*e.mass/e.partition, c.factor)
		return true
	}
	return false
}

// linearPredGradient writes −g·p, which takes no logarithm.
func (c *cursor[F]) linearPredGradient() bool {
	x, xOK := c.contiguous(predOperand)
	t, tOK := c.contiguous(targetOperand)
	out, outOK := c.contiguous(outOperand)
	if !c.uniform || !xOK || !tOK || !outOK {
		return false
	}
	for i, ti := range t {
		switch {
		case ti == 0:
			out[i] = 0
		case ti > 0 && !math.IsNaN(float64(x[i])):
			out[i] = -F(c.factor * float64(ti))
		default:
			out[i] = F(math.NaN())
		}
	}
	return true
}

// fastTargetGradient writes the row's gradient with respect to the target.
func (c *cursor[F]) fastTargetGradient() bool {
	k, x, t, out, ok := c.fastRows()
	if !ok || c.Pred != Logits {
		return false
	}
	n := len(x)
	switch {
	case c.Target == Logits:
		pair, ok := k.logitPair(c, x, t)
		if !ok {
			return false
		}
		// r = ln 2·(τ − y) + log(Sₓ/Sₜ), of which the divergence is the mean.
		mean := (pair.divergence - pair.logPartitions) / math.Ln2
		k.targetLogitsGradient(&x[0], &t[0], &out[0], n, pair.shiftX, pair.shiftT, c.factor*math.Ln2/pair.partitionT, mean)
		return true
	case c.Target == Probs && c.Epsilon == 0:
		e, ok := k.exponentials(c, x, t, out)
		if !ok {
			return false
		}
		signs := k.targetProbsGradient(&x[0], &t[0], &out[0], n, e.shift, c.factor*math.Ln2, c.factor*(1+math.Log(e.partition)))
		return signs == 0
	}
	return false
}

// fastPredAlongPred writes q·Σd·(v − ⟨q,v⟩) for logits and probabilities.
func (c *cursor[F]) fastPredAlongPred() bool {
	k, x, t, out, ok := c.fastRows()
	v, vOK := c.contiguous(tangentOperand)
	if !ok || !vOK || c.Pred != Logits || c.Target != Probs {
		return false
	}
	e, ok := k.exponentials(c, x, t, out)
	if !ok {
		return false
	}
	s, ok := c.blocks(block, func(i, n int) int {
		k.dot(&out[i], &v[i], n, &c.sums)
		return 0
	})
	if !ok {
		return false
	}
	k.centre(&out[0], &v[0], len(x), c.factor*e.mass/e.partition, s[0]/e.partition)
	return true
}
