package main

import (
	"io"
	"os/exec"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	for _, c := range []struct {
		python, data string
		epochs       int
		want         string
	}{
		{"false", "data", 0, "-epochs 0"},
		{"false", "", 1, "-data is empty"},
		{"false", "data", 1, "install Debian's python3-torch"},
	} {
		if err := compare(io.Discard, c.python, c.data, "", c.epochs); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, expected an error with %q", err, c.want)
		}
	}
}

// TestMeasure takes the last of several epochs; a program without one has failed.
func TestMeasure(t *testing.T) {
	var seconds float64
	got, err := measure(exec.Command("printf", `training: 3.5 CPU seconds\ntest −ELBO 140.1 nats (x)\ntest −ELBO 120.25 nats (y)\n`), &seconds)
	if err != nil || got != "120.25" || seconds != 3.5 {
		t.Errorf("%q, %v, %v", got, seconds, err)
	}
	if _, err := measure(exec.Command("echo", "something else"), &seconds); err == nil || !strings.Contains(err.Error(), "something else") {
		t.Errorf("error %v", err)
	}
}
