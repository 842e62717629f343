package main

// trajectory is one environment's part of a rollout: T consecutive steps, which may
// hold several episodes.
type trajectory struct {
	rewards []float64
	values  []float64 // V(sₜ), T+1 of them: the last of the state after the rollout
	ends    []bool    // whether step t ended an episode, by termination or truncation
	// bootstraps holds V of the state that step t was cut off in by the time limit, and
	// 0 where it was not. An episode that ran out of time was not over: what would have
	// followed is worth V.
	bootstraps []float64
	// ratios holds π(aₜ|sₜ)/π_j(aₜ|sₜ), π being the present policy and π_j the one that
	// acted: 1 where that is the same.
	ratios []float64
}

// advantages returns the generalised advantage estimates
//
//	Âₜ = Σₖ (γλ)ᵏ cₜ₊₁ … cₜ₊ₖ δₜ₊ₖ,  δₜ = rₜ + γ V(sₜ₊₁) − V(sₜ),  cₜ = min(1, ratioₜ)
//
// with the sum ending where the episode does, and the value targets cₜ Âₜ + V(sₜ). In δ
// of an episode's last step V(sₜ₊₁) is 0 if it terminated and the bootstrap if time
// ran out. Where another policy acted, c lets what followed count for as much of it as
// the present one would have done; it is 1 otherwise.
//
// Schulman et al., "High-dimensional continuous control using generalized advantage
// estimation", 2016; truncation as in Pardo et al., "Time limits in reinforcement
// learning", 2018; c as in V-trace, Espeholt et al., "IMPALA: scalable distributed
// deep-RL with importance weighted actor-learner architectures", 2018.
func (t trajectory) advantages(gamma, lambda float64) (advantages, targets []float64) {
	n := len(t.rewards)
	advantages, targets = make([]float64, n), make([]float64, n)
	following := 0.0 // cₜ₊₁ Âₜ₊₁, of the same episode
	for i := n - 1; i >= 0; i-- {
		next := t.values[i+1]
		if t.ends[i] {
			next, following = t.bootstraps[i], 0
		}
		delta := t.rewards[i] + gamma*next - t.values[i]
		advantages[i] = delta + gamma*lambda*following
		following = min(1, t.ratios[i]) * advantages[i]
		targets[i] = following + t.values[i]
	}
	return advantages, targets
}
