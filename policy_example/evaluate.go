package main

import (
	"runtime"
	"sync"
)

const evaluationEpisodes = 100

// evaluate returns the returns of fresh episodes in which the likeliest action is
// taken, nothing is learned and statistics stand still. Each episode has random
// numbers of its own.
func evaluate[T float](t task, policy *network[T], n *normaliser, seed uint64, episodes int) []float64 {
	returns := make([]float64, episodes)
	next := make(chan int)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), episodes) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			f := newForward(policy)
			for i := range next {
				rng := newRand(seed, streamEvaluation+uint64(i))
				env := t.make()
				env.reset(rng)
				returns[i] = play(t, env, f, n, func() {}).Return
			}
		}()
	}
	for i := range returns {
		next <- i
	}
	close(next)
	wait.Wait()
	return returns
}

// play goes on greedily to the end of an episode and calls each after every step.
func play[T float](t task, env environment, policy *forward[T], n *normaliser, each func()) episode {
	var e episode
	for e.Length < t.limit {
		observation := normalised[T](observe(env, t), n)
		reward, terminated := env.step(greedy(policy.at(observation)))
		e.Return += reward
		e.Length++
		each()
		if terminated {
			break
		}
	}
	return e
}
