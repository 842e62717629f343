package main

import (
	"strings"
	"testing"
	"time"
)

func TestTable(t *testing.T) {
	table := newTable("a", "b")
	table.add("1", "x|y")
	if got, want := table.String(), "| a | b |\n| --- | --- |\n| 1 | x\\|y |\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

func TestNumber(t *testing.T) {
	for x, want := range map[float64]string{0.0371: "0.04", 1.234: "1.23", 9.994: "9.99", 9.996: "10.0", 12.34: "12.3", 99.96: "100", 1234: "1234"} {
		if got := number(x); got != want {
			t.Errorf("number(%v) = %q, want %q", x, got, want)
		}
	}
	for x, want := range map[float64]string{5120: "5.00 KB", 100: "100 B", 1.5 * (1 << 30): "1.50 GB"} {
		if got := bytes(x); got != want {
			t.Errorf("bytes(%v) = %q, want %q", x, got, want)
		}
	}
}

func milliseconds(ms float64) summary {
	return summary{median: time.Duration(ms * float64(time.Millisecond)), spread: 0.05}
}

func TestBlame(t *testing.T) {
	l := layers{arithmetic: 1, kernels: 2, memory: 1.4, called: 2.2, idle: 0.5}
	for theirs, want := range map[float64]string{
		9: "4.50 over the kernels, 4.09 over the kernels in a graph, 3.60 over the kernels and the idle graph", 8.2: "4.10 over the kernels, 3.73 over the kernels in a graph", 6: "6.00 over the arithmetic, 3.00 over the kernels", 5: "3.57 over the memory", 3: "3.00 over the arithmetic",
	} {
		if got := l.blame(theirs, 4); got != want {
			t.Errorf("blame(%v, 4) = %q, want %q", theirs, got, want)
		}
	}
	small := layers{arithmetic: 2, kernels: 2, idle: 1, small: true}
	if got, want := small.blame(6, 4), "3.00 over the arithmetic, 6.00 over the idle graph"; got != want {
		t.Errorf("blame of a small batch is %q, want %q", got, want)
	}
}

// One row that reaches its targets and one that misses the second of them.
func TestReportJudges(t *testing.T) {
	p := &peer{versions: peerVersions{Torch: "9.9"}}
	r := newReport("go run ./bench/peers -x", []*peer{p})
	row := func(classes int, eager, best float64) outcome {
		c := comparison{workload{1000, classes, "float32", gradient, 1}, 7, 4, 50}
		composed := milliseconds(60)
		b := milliseconds(best)
		b.name = "best(x)"
		return outcome{c, milliseconds(1), &composed, 2e-7, layers{arithmetic: 0.5, kernels: 0.8, memory: 0.4, called: 0.85, idle: 0.1}, []peerOutcome{{milliseconds(eager), b}}}
	}
	r.section(section{title: "A section"}, []outcome{row(1000, 8, 4.5), row(500, 7.5, 3.9)})
	page := string(r.finish())
	for _, want := range []string{
		"    go run ./bench/peers -x\n",
		"1 of the 2 rows with a target on this page fall short",
		"- A section: 1000×500 float32: best 3.90, target ≥ 4 (9.75 over the kernels, 9.18 over the kernels in a graph, 8.67 over the kernels and the idle graph)\n",
		"- A: `best(x)`\n",
		"| 1000×1000 | float32 | 1.00 ± 5 % | 0.10 | 0.85 | 0.80 | 0.50 | 0.40 | 8.00 ± 5 % | 4.50 ± 5 % A | 8.00 (≥ 7) | 4.50 (≥ 4) | 60.0 ± 5 % | 60.0 (≥ 50) | 2e-07 | ok |\n",
		"| 1000×500 | float32 | 2.00 ± 5 % | 0.10 | 0.85 | 0.80 | 0.50 | 0.40 | 15.0 ± 5 % | 7.80 ± 5 % A | 7.50 (≥ 7) | **3.90** (≥ 4) | 120 ± 5 % | 60.0 (≥ 50) | 2e-07 | short |\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q:\n%s", want, page)
		}
	}
}

func TestVerdictWithin(t *testing.T) {
	r := newReport("", nil)
	good, bad, unjudged := &verdict{report: r, row: "good"}, &verdict{report: r, row: "bad"}, &verdict{report: r}
	if got := good.within("x", 1.1, 1.2) + good.word(); got != "1.10 (≤ 1.2)ok" {
		t.Errorf("got %q", got)
	}
	if got := bad.within("x", 1.3, 1.2) + bad.word(); got != "**1.30** (≤ 1.2)short" {
		t.Errorf("got %q", got)
	}
	one := outcome{comparison: comparison{workload: workload{rows: 1, classes: 1}}, ours: milliseconds(1)}
	if got := unjudged.against("x", milliseconds(3), one, 0) + unjudged.word(); got != "3.00–" {
		t.Errorf("got %q", got)
	}
	if r.Rows != 2 || len(r.Short) != 1 || r.Short[0] != "bad: x 1.30, target ≤ 1.2" {
		t.Errorf("%d rows, short %q", r.Rows, r.Short)
	}
}

func TestSchedulerArguments(t *testing.T) {
	if got := schedulerArguments("quiet sched_vcpu_pack=15 nosched_x=1 sched_y=2\n"); got != "sched_vcpu_pack=15 sched_y=2" {
		t.Errorf("got %q", got)
	}
}
