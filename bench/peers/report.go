package main

import (
	"fmt"
	"strings"
)

// report gathers the page's parts. What falls short is found while it is written
// and named at the top.
type report struct {
	machine machineState
	peers   []*peer
	command string
	findings
}

// findings are what the sections so far have found. They go from process to process.
type findings struct {
	Body   string
	Rows   int
	Short  []string
	Legend []string // formulations, by their letter
}

// write adds to the body.
func (f *findings) write(format string, args ...any) { f.Body += fmt.Sprintf(format, args...) }

func newReport(command string, peers []*peer) *report {
	return &report{machine: readMachine(), peers: peers, command: strings.TrimSpace(command)}
}

// section writes a part of the table of comparisons. Targets are judged by the
// first peer; of others there are ratios only.
func (r *report) section(s section, outcomes []outcome) {
	header := []string{"shape", "dtype", "ours, ns/element", "idle graph", "in a graph", "kernels", "arithmetic", "memory"}
	for i, p := range r.peers {
		name := "PyTorch " + p.versions.Torch
		if i == 0 {
			header = append(header, name+" eager", "best", "eager ÷ ours", "best ÷ ours")
			continue
		}
		header = append(header, name+" eager ÷ ours", "best ÷ ours")
	}
	withComposed := len(outcomes) > 0 && outcomes[0].composed != nil
	if withComposed {
		header = append(header, "composed", "composed ÷ ours", "error of its loss")
	}
	t := newTable(append(header, "")...)
	for _, o := range outcomes {
		v := &verdict{report: r, row: fmt.Sprintf("%s: %s %s", s.title, o.shape(), o.dtype)}
		called, memory := number(o.layers.called), number(o.layers.memory)
		if o.layers.small {
			called, memory = "–", "–"
		}
		cells := []string{o.shape(), o.dtype, timePerElement(o.ours, o.elements()), number(o.layers.idle), called, number(o.layers.kernels), number(o.layers.arithmetic), memory}
		for i, p := range o.peers {
			cells = append(cells, r.peerCells(o, p, v, i == 0)...)
		}
		if withComposed {
			cells = append(cells, timePerElement(*o.composed, o.elements()),
				v.against("composed", *o.composed, o, o.composedTarget),
				fmt.Sprintf("%.0e", o.composedError))
		}
		t.add(append(cells, v.word())...)
	}
	r.write("\n### %s\n\n%s", s.title, t)
}

func (r *report) peerCells(o outcome, p peerOutcome, v *verdict, judge bool) []string {
	eager, best := ratio(p.eager, o.ours), ratio(p.best, o.ours)
	letter := r.letter(p.best.name)
	if !judge {
		return []string{number(eager), number(best) + " " + letter}
	}
	n := o.elements()
	return []string{timePerElement(p.eager, n), timePerElement(p.best, n) + " " + letter,
		v.against("eager", p.eager, o, o.eagerTarget), v.against("best", p.best, o, o.bestTarget)}
}

// study writes a part of its own.
func (r *report) study(s study, p protocol) error {
	r.write("\n## %s\n\n%s\n", s.title, strings.TrimSpace(s.text))
	return s.run(r, p)
}

func (r *report) table(t *table) { r.write("\n%s", t) }

func (r *report) paragraph(format string, args ...any) {
	r.write("\n"+format+"\n", args...)
}

// letter names a formulation shortly; the legend says what it is.
func (r *report) letter(formulation string) string {
	for i, known := range r.Legend {
		if known == formulation {
			return letters[i : i+1]
		}
	}
	r.Legend = append(r.Legend, formulation)
	return letters[len(r.Legend)-1 : len(r.Legend)]
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// verdict says of one row whether it reached its targets.
type verdict struct {
	report   *report
	row      string
	judged   bool
	failures []string
}

// against prints the ratio of someone's time to ours, which shall be at least the
// target, and notes why it is not.
func (v *verdict) against(what string, theirs summary, o outcome, target float64) string {
	v.judged = v.judged || target != 0
	r := ratio(theirs, o.ours)
	if r < target {
		v.fail(what, r, "≥", target, o.layers.blame(theirs.perElement(o.elements()), target))
	}
	return against(r, target)
}

// within prints a ratio that shall be at most the limit.
func (v *verdict) within(what string, ratio, limit float64) string {
	v.judged = true
	if !(ratio <= limit) {
		v.fail(what, ratio, "≤", limit, "")
	}
	return within(ratio, limit)
}

func (v *verdict) fail(what string, ratio float64, relation string, target float64, why string) {
	failure := fmt.Sprintf("%s %s, target %s %v", what, number(ratio), relation, target)
	if why != "" {
		failure += " (" + why + ")"
	}
	v.failures = append(v.failures, failure)
}

// word ends the row.
func (v *verdict) word() string {
	if !v.judged {
		return "–"
	}
	v.report.Rows++
	if len(v.failures) == 0 {
		return "ok"
	}
	v.report.Short = append(v.report.Short, v.row+": "+strings.Join(v.failures, "; "))
	return "short"
}
