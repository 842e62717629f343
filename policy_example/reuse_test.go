package main

import (
	"math"
	"slices"
	"testing"
)

// TestRecall sees what one policy and critic did with others: π(1) = 1/4 in every state,
// V = 2s of states less their mean, 1.
func TestRecall(t *testing.T) {
	actor, critic := always(1)
	s := newWorker(stairsTask(2), newSource(1, 1), actor, critic).run(newNormaliser(1, false), 3, 0.5)
	policy := &network[float64]{widths: []int{1, 2}, theta: []float64{0, 0, math.Log(3), 0}}
	value := &network[float64]{widths: []int{1, 1}, theta: []float64{2, 0}}
	n := newNormaliser(1, true)
	n.add([]float64{0, 2}, []float64{0, 0})
	got := recall(s.experience(), newForward(policy), newForward(value), n)
	within(t, "ratios", got.ratios, []float64{0.25, 0.25, 0.25}, 1e-14)
	within(t, "values", got.values, []float64{-2, 0, -2, 0}, 1e-7)
	within(t, "bootstraps", got.bootstraps, []float64{0, 2, 0}, 1e-7)
	within(t, "rewards", got.rewards, s.rewards, 0)
	within(t, "observations", got.observations, s.observations, 0)
	if !slices.Equal(got.actions, s.actions) || !slices.Equal(got.ends, s.ends) {
		t.Errorf("actions %v, ends %v", got.actions, got.ends)
	}
	same := recall(s.experience(), newForward(actor), newForward(critic), newNormaliser(1, false))
	within(t, "ratios of the policy that acted", same.ratios, s.ratios, 0)
	within(t, "values of its critic", same.values, s.values, 0)
	within(t, "bootstraps of its critic", same.bootstraps, s.bootstraps, 0)
}

// TestWeights: a step of an earlier policy has its normalised advantage times its ratio,
// up to the limit.
func TestWeights(t *testing.T) {
	task := stairsTask(10)
	tr := newTestTrainer(t, task, 1, 60)
	s := task.settings
	segments := rollout(tr.workers, tr.normaliser, s.Horizon, s.Gamma)
	segments[1].ratios[3], segments[1].ratios[4] = 0.5, 5
	tr.assemble(segments)
	var advantages []float64
	for _, segment := range segments {
		estimates, _ := segment.advantages(s.Gamma, s.Lambda) // no statistics yet: the rewards are as they are
		advantages = append(advantages, estimates...)
	}
	mean, std := meanStd(advantages)
	for i, weight := range map[int]float64{22: 1, 23: 0.5, 24: ratioLimit} {
		near(t, "advantage", float64(tr.policy.batch.advantages[i]), weight*(advantages[i]-mean)/std, 1e-6)
	}
}

// TestReuse: the batch is the last rollouts, the newest first, and repeats them until
// there are enough. The critic sees each once.
func TestReuse(t *testing.T) {
	task := stairsTask(10)
	task.settings.Reuse = 3
	task.settings.Normalize = false // observations in the batch are then those of the segments
	tr := newTestTrainer(t, task, 1, 60*5)
	var rollouts [][]float32 // observations, the newest first
	for update := range 5 {
		iterate(t, tr, 1)
		b := tr.policy.batch
		newest := slices.Clone(b.observations[:60])
		rollouts = append([][]float32{newest}, rollouts[:min(2, len(rollouts))]...)
		for i := range 3 {
			if !slices.Equal(b.observations[i*60:(i+1)*60], rollouts[i%len(rollouts)]) {
				t.Errorf("update %d: part %d is another rollout", update, i)
			}
		}
		if want := min(update+1, 2) * 3; len(tr.kept) != want {
			t.Errorf("update %d: %d segments kept, want %d", update, len(tr.kept), want)
		}
	}
}
