package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

func titles(o options) (all []string) {
	for _, s := range sections(o.threads, o.quick) {
		all = append(all, s.title)
	}
	for _, s := range studies(o.quick) {
		all = append(all, s.title)
	}
	return all
}

// apart measures the section of a title in a process of its own: what an earlier one leaves
// of Go's heap is given back to the system bit by bit, and results wait for pages meanwhile.
func (r *report) apart(args []string, title string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	before, err := json.Marshal(r.findings)
	if err != nil {
		return err
	}
	command := exec.Command(self, append(slices.Clone(args), "-part", title)...)
	command.Stdin, command.Stderr = strings.NewReader(string(before)), os.Stderr
	after, err := command.Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(after, &r.findings)
}

// measure adds the sections and studies that are wanted.
func (r *report) measure(o options, wanted func(title string) bool) error {
	p := protocol{rounds: o.rounds, minimum: 20 * time.Millisecond}
	for _, s := range sections(o.threads, o.quick) {
		if !wanted(s.title) {
			continue
		}
		var outcomes []outcome
		for _, c := range s.rows {
			fmt.Fprintf(os.Stderr, "%s: %s %s\n", s.title, c.shape(), c.dtype)
			outcome, err := compare(c, p, r.peers)
			if err != nil {
				return err
			}
			outcomes = append(outcomes, outcome)
		}
		r.section(s, outcomes)
	}
	for _, study := range studies(o.quick) {
		if !wanted(study.title) {
			continue
		}
		fmt.Fprintln(os.Stderr, study.title)
		if err := r.study(study, p); err != nil {
			return fmt.Errorf("%s: %w", study.title, err)
		}
	}
	return nil
}
