package main

import "math"

// moments are the running mean and variance of a stream of vectors.
type moments struct {
	Count          float64
	Mean, Variance []float64
}

func newMoments(width int) moments {
	m := moments{Mean: make([]float64, width), Variance: make([]float64, width)}
	for i := range m.Variance {
		m.Variance[i] = 1
	}
	return m
}

// add takes in samples, one after the other in v, by the formula of Chan, Golub and
// LeVeque, "Updating formulae and a pairwise algorithm for computing sample
// variances", 1979.
func (m *moments) add(v []float64) {
	width := len(m.Mean)
	count := float64(len(v) / width)
	total := m.Count + count
	for i := range width {
		mean, variance := 0.0, 0.0
		for j := i; j < len(v); j += width {
			mean += v[j] / count
		}
		for j := i; j < len(v); j += width {
			variance += (v[j] - mean) * (v[j] - mean) / count
		}
		d := mean - m.Mean[i]
		m.Variance[i] = (m.Variance[i]*m.Count + variance*count + d*d*m.Count*count/total) / total
		m.Mean[i] += d * count / total
	}
	m.Count = total
}

// normaliser scales observations to mean 0 and variance 1 and rewards by the standard
// deviation of the discounted return, as Stable-Baselines3's VecNormalize does, but its
// statistics stand still during a rollout: an update's samples then all mean the same.
type normaliser struct {
	Enabled      bool
	Observations moments
	Returns      moments
}

const normalisedLimit = 10 // normalised values are clipped to ±

func newNormaliser(width int, enabled bool) *normaliser {
	return &normaliser{Enabled: enabled, Observations: newMoments(width), Returns: newMoments(1)}
}

func (n *normaliser) observation(v []float64) {
	if !n.Enabled {
		return
	}
	for i := range v {
		v[i] = clip((v[i] - n.Observations.Mean[i]) / math.Sqrt(n.Observations.Variance[i]+1e-8))
	}
}

func (n *normaliser) reward(r float64) float64 {
	if !n.Enabled {
		return r
	}
	return clip(r / math.Sqrt(n.Returns.Variance[0]+1e-8))
}

func clip(v float64) float64 { return clamp(v, -normalisedLimit, normalisedLimit) }

// add takes in a rollout's observations and discounted returns.
func (n *normaliser) add(observations, discounted []float64) {
	if !n.Enabled {
		return
	}
	n.Observations.add(observations)
	n.Returns.add(discounted)
}
