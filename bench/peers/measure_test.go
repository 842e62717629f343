package main

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	for _, test := range []struct {
		values  []float64
		q, want float64
	}{
		{[]float64{3}, 0.5, 3},
		{[]float64{5, 1, 3}, 0.5, 3},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{4, 1, 3, 2, 5}, 0.25, 2},
		{[]float64{4, 1, 3, 2, 5}, 0.75, 4},
		{[]float64{4, 1, 3, 2, 5}, 1, 5},
		{[]float64{10, 20}, 0.1, 11},
	} {
		if got := quantile(test.values, test.q); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("quantile(%v, %v) = %v, want %v", test.values, test.q, got, test.want)
		}
	}
	if got := quantile(nil, 0.5); !math.IsNaN(got) {
		t.Errorf("quantile of nothing = %v, want NaN", got)
	}
	values := []float64{2, 1}
	if quantile(values, 0.5); values[0] != 2 {
		t.Error("quantile sorts its argument")
	}
}

func TestSummarise(t *testing.T) {
	s := summarise("x", []float64{5e-3, 1e-3, 3e-3, 2e-3, 4e-3})
	if s.name != "x" || s.median != 3*time.Millisecond || math.Abs(s.spread-2.0/3) > 1e-12 {
		t.Errorf("got %+v, want a median of 3 ms and a spread of 2/3", s)
	}
	if got := s.perElement(1000); math.Abs(got-3000) > 1e-9 {
		t.Errorf("got %v ns an element, want 3000", got)
	}
	if got := ratio(s, summary{median: 2 * time.Millisecond}); got != 1.5 {
		t.Errorf("got ratio %v, want 1.5", got)
	}
}

// Two contenders whose repetitions take 3 and 7 ms by their own account.
func TestMeasureAlternates(t *testing.T) {
	var turns []string
	fake := func(name string, each time.Duration) contender {
		return contender{name, func(reps int) (time.Duration, error) {
			if reps > 1 { // not the untimed repetition
				turns = append(turns, name)
			}
			return time.Duration(reps) * each, nil
		}}
	}
	p := protocol{rounds: 3, minimum: 8 * time.Millisecond}
	got, err := p.measure(fake("a", 3*time.Millisecond), fake("b", 7*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"a", "b", "a", "b", "b", "a", "a", "b"}; !slices.Equal(turns, want) {
		t.Errorf("turns %v, want %v: calibration, then alternation", turns, want)
	}
	if got[0].median != 3*time.Millisecond || got[1].median != 7*time.Millisecond || got[0].spread != 0 {
		t.Errorf("got %+v, want medians of 3 and 7 ms without spread", got)
	}
	best, err := p.fastest([]contender{fake("slow", 2*time.Second), fake("fast", time.Second)})
	if err != nil || best.name != "fast" {
		t.Errorf("the fastest is %q, %v", best.name, err)
	}
}

// TestAtOnce runs contenders that each wait for the other.
func TestAtOnce(t *testing.T) {
	meet, failure := make(chan int), errors.New("failure")
	first := contender{"first", func(reps int) (time.Duration, error) { meet <- reps; return 0, nil }}
	second := contender{"second", func(reps int) (time.Duration, error) {
		if other := <-meet; other != reps {
			t.Errorf("%d repetitions beside %d", other, reps)
		}
		time.Sleep(time.Millisecond)
		return 0, failure
	}}
	c := atOnce([]contender{first, second})
	d, err := c.run(3)
	if c.name != "first" || d < time.Millisecond || !errors.Is(err, failure) {
		t.Errorf("%s took %v, error %v; want first, at least 1 ms and %v", c.name, d, err, failure)
	}
}

func TestCalibrateReachesTheMinimum(t *testing.T) {
	for _, each := range []time.Duration{1, time.Microsecond, time.Second} {
		p := protocol{minimum: 20 * time.Millisecond}
		reps, err := p.calibrate(contender{"", func(reps int) (time.Duration, error) { return time.Duration(reps) * each, nil }})
		if err != nil || time.Duration(reps)*each < p.minimum || (reps > 1 && time.Duration(reps)*each > 2*p.minimum) {
			t.Errorf("%d repetitions of %v, %v: want at least %v and not much more", reps, each, err, p.minimum)
		}
	}
}

func TestMeasureReturnsErrors(t *testing.T) {
	broken := errors.New("broken")
	for _, after := range []int{0, 2} {
		calls := 0
		c := contender{"c", func(reps int) (time.Duration, error) {
			if calls++; calls > after {
				return 0, broken
			}
			return time.Second, nil
		}}
		if _, err := (protocol{rounds: 5}).measure(c); !errors.Is(err, broken) {
			t.Errorf("got error %v, want %v", err, broken)
		}
	}
}
