package main

import (
	"io"
	"os/exec"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	if err := compare(io.Discard, "false", 1024, 0); err == nil || !strings.Contains(err.Error(), "-seeds 0") {
		t.Errorf("no seeds: %v", err)
	}
	for _, python := range []string{"false", "no-such-python"} {
		if err := compare(io.Discard, python, 1024, 1); err == nil || !strings.Contains(err.Error(), "install Debian's python3-torch") {
			t.Errorf("%s: %v", python, err)
		}
	}
}

// TestMeasure: a program that counts its own time is believed; one that prints no
// evaluation has failed.
func TestMeasure(t *testing.T) {
	seconds, evaluation, err := measure(exec.Command("printf", `training: 12.5 CPU seconds\nevaluation: return 500.0 ± 0.0\n`))
	if err != nil || seconds != 12.5 || evaluation != "evaluation: return 500.0 ± 0.0" {
		t.Errorf("%v, %q, %v", seconds, evaluation, err)
	}
	if _, _, err := measure(exec.Command("echo", "something else")); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("error %v", err)
	}
}
