package main

import (
	"fmt"
	"math"
	"testing"
)

// TestGoldenTrajectories takes every step of trajectories that agree with Gymnasium's
// source bit for bit. Each step starts from the golden state: open loop CartPole is
// chaotic, and rounding alone would part the two.
func TestGoldenTrajectories(t *testing.T) {
	for _, task := range tasks {
		var file struct {
			Trajectories []struct {
				Behaviour    string
				ResetSeed    int       `json:"reset_seed"`
				InitialState []float64 `json:"initial_state"`
				InitialObs   []float64 `json:"initial_obs"`
				Actions      []int
				States, Obs  [][]float64
				Rewards      []float64
				Terminated   []bool
				Truncated    []bool
			}
		}
		golden(t, task.name, &file)
		steps, ends, cuts := 0, 0, 0
		for _, trajectory := range file.Trajectories {
			env := task.make()
			copy(env.state(), trajectory.InitialState)
			compareObservation(t, task, env, trajectory.InitialObs)
			for i, action := range trajectory.Actions {
				at := fmt.Sprintf("%s, %s from %d, step %d", task.name, trajectory.Behaviour, trajectory.ResetSeed, i)
				reward, terminated := env.step(action)
				for j, want := range trajectory.States[i] {
					near(t, fmt.Sprintf("%s: state %d", at, j), env.state()[j], want, 1e-12)
				}
				if reward != trajectory.Rewards[i] || terminated != trajectory.Terminated[i] {
					t.Errorf("%s: reward %v and terminated %v, want %v and %v", at, reward, terminated, trajectory.Rewards[i], trajectory.Terminated[i])
				}
				if truncated := i+1 >= task.limit; truncated != trajectory.Truncated[i] {
					t.Errorf("%s: truncated %v, want %v", at, truncated, trajectory.Truncated[i])
				}
				compareObservation(t, task, env, trajectory.Obs[i])
				copy(env.state(), trajectory.States[i])
				steps++
				if terminated {
					ends++
				} else if i+1 >= task.limit {
					cuts++
				}
			}
		}
		if steps < 300 || ends == 0 || cuts == 0 {
			t.Errorf("%s: %d steps with %d terminations and %d truncations: the goldens should have some of each", task.name, steps, ends, cuts)
		}
	}
}

func compareObservation(t *testing.T, task task, env environment, want []float64) {
	t.Helper()
	got := make([]float64, task.observations)
	env.observe(got)
	for i, w := range want {
		if got[i] != float64(float32(got[i])) {
			t.Errorf("%s: observation %d, %v, is no float32", task.name, i, got[i])
		}
		near(t, fmt.Sprintf("%s: observation %d", task.name, i), got[i], w, 1e-7*math.Max(1, math.Abs(w)))
	}
}

// TestResets compares the first states' bounds, means and variances with those of
// Gymnasium's uniform distributions.
func TestResets(t *testing.T) {
	const episodes = 20_000
	for _, c := range []struct {
		task      string
		low, high []float64
	}{
		{"CartPole-v1", []float64{-0.05, -0.05, -0.05, -0.05}, []float64{0.05, 0.05, 0.05, 0.05}},
		{"Acrobot-v1", []float64{-0.1, -0.1, -0.1, -0.1}, []float64{0.1, 0.1, 0.1, 0.1}},
		{"MountainCar-v0", []float64{-0.6, 0}, []float64{-0.4, 0}},
	} {
		task, err := taskNamed(c.task)
		check0(t, err)
		env, rng := task.make(), newRand(1, 0)
		for j := range c.low {
			low, high := c.low[j], c.high[j]
			first := make([]float64, episodes)
			for i := range first {
				env.reset(rng)
				first[i] = env.state()[j]
				if first[i] < float64(float32(low)) || first[i] > float64(float32(high)) {
					t.Fatalf("%s: state %d starts at %v, outside [%v, %v]", c.task, j, first[i], low, high)
				}
				if c.task == "Acrobot-v1" && first[i] != float64(float32(first[i])) {
					t.Fatalf("Acrobot starts at %v, which is no float32", first[i])
				}
			}
			mean, std := meanStd(first)
			width := high - low
			near(t, c.task+": mean of the first state", mean, (low+high)/2, 5*width/math.Sqrt(12*episodes)) // 5 standard errors
			near(t, c.task+": deviation of the first state", std, width/math.Sqrt(12), 0.02*width)
		}
	}
}

// TestTasks holds every row to its environment.
func TestTasks(t *testing.T) {
	for _, task := range tasks {
		env, rng := task.make(), newRand(1, 0)
		env.reset(rng)
		observation := make([]float64, task.observations)
		env.observe(observation)
		for action := range task.actions {
			env.step(action)
		}
		s := task.settings
		if s.samples()%s.ValueBatch != 0 {
			t.Errorf("%s: minibatches of %d leave some of %d samples out", task.name, s.ValueBatch, s.samples())
		}
		if s.Radius <= 0 || s.FinalRadius <= 0 || s.FinalRadius > 1 || s.LineSearchShrink <= 0 || s.LineSearchShrink >= 1 {
			t.Errorf("%s: settings %+v", task.name, s)
		}
	}
}
