package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
	"time"
)

// contender is one side of a comparison: run repeats its work and returns the
// time that took.
type contender struct {
	name string
	run  func(reps int) (time.Duration, error)
}

// atOnce repeats the work of contenders at the same time, each on a goroutine of its own.
func atOnce(contenders []contender) contender {
	return contender{contenders[0].name, func(reps int) (time.Duration, error) {
		failures := make([]error, len(contenders))
		var wait sync.WaitGroup
		start := time.Now()
		for i, c := range contenders {
			wait.Add(1)
			go func() {
				defer wait.Done()
				_, failures[i] = c.run(reps)
			}()
		}
		wait.Wait()
		return time.Since(start), errors.Join(failures...)
	}}
}

// onThreads is as many contenders at once as there are threads, each with data of its own.
func onThreads(n int, one func() contender) contender {
	var each []contender
	for range n {
		each = append(each, one())
	}
	return atOnce(each)
}

// protocol is how contenders are timed.
type protocol struct {
	rounds  int
	minimum time.Duration // of one timing, which has at least one repetition
	pause   time.Duration // before each timing, so that another's threads come to rest
}

// summary is the time of one repetition over the rounds.
type summary struct {
	name   string
	median time.Duration
	spread float64 // interquartile range ÷ median
}

// measure times the contenders in alternation, every other round in reverse
// order, and returns their summaries in the order given. Untimed repetitions come before
// each timing, half as many: the others have emptied the caches, and memory that
// results go to in turn may have been taken away while it was idle.
func (p protocol) measure(contenders ...contender) ([]summary, error) {
	reps := make([]int, len(contenders))
	for i, c := range contenders {
		var err error
		if reps[i], err = p.calibrate(c); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
	}
	seconds := make([][]float64, len(contenders))
	for round := range p.rounds {
		for k := range contenders {
			i := k
			if round%2 == 1 {
				i = len(contenders) - 1 - k
			}
			time.Sleep(p.pause)
			if _, err := contenders[i].run(max(1, reps[i]/2)); err != nil {
				return nil, fmt.Errorf("%s: %w", contenders[i].name, err)
			}
			d, err := contenders[i].run(reps[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", contenders[i].name, err)
			}
			seconds[i] = append(seconds[i], d.Seconds()/float64(reps[i]))
		}
	}
	summaries := make([]summary, len(contenders))
	for i, c := range contenders {
		summaries[i] = summarise(c.name, seconds[i])
	}
	return summaries, nil
}

// calibrate warms a contender up and returns how many repetitions last the
// minimum.
func (p protocol) calibrate(c contender) (int, error) {
	reps := 1
	for {
		d, err := c.run(reps)
		if err != nil {
			return 0, err
		}
		if d >= p.minimum {
			break
		}
		grown := float64(reps) * 1.2 * float64(p.minimum) / float64(max(d, 1))
		reps = int(min(max(grown, float64(reps+1)), float64(reps*100)))
	}
	return reps, nil
}

// fastest returns the contender with the lowest time of a few short rounds.
func (p protocol) fastest(contenders []contender) (contender, error) {
	if len(contenders) == 1 {
		return contenders[0], nil
	}
	p.rounds = min(p.rounds, 3)
	summaries, err := p.measure(contenders...)
	if err != nil {
		return contender{}, err
	}
	best := 0
	for i, s := range summaries {
		if s.median < summaries[best].median {
			best = i
		}
	}
	return contenders[best], nil
}

func summarise(name string, seconds []float64) summary {
	median := quantile(seconds, 0.5)
	return summary{
		name:   name,
		median: time.Duration(math.Round(median * float64(time.Second))),
		spread: (quantile(seconds, 0.75) - quantile(seconds, 0.25)) / median,
	}
}

// quantile interpolates linearly between order statistics.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Clone(values)
	slices.Sort(sorted)
	position := q * float64(len(sorted)-1)
	low := int(position)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (position-float64(low))*(sorted[high]-sorted[low])
}

// ratio is how many times longer than b a took.
func ratio(a, b summary) float64 { return a.median.Seconds() / b.median.Seconds() }

// perElement is a repetition's time divided among n elements, in nanoseconds.
func (s summary) perElement(n int) float64 { return s.median.Seconds() * 1e9 / float64(n) }
