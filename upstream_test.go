package kldivloss

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
)

// The files upstream_*_test.go hold the traps of Gorgonia v0.9.18 and tensor v0.9.24 that
// our users meet, one a test and named after it. Each has two halves: the trap still
// bites, without any code of ours, and the way around it is right. A Gorgonia that mends
// one turns its test red: then the way around may go, and the words that warn of it.

// stillBites fails where a trap is none any more.
func stillBites(t *testing.T, bites bool, trap string) {
	t.Helper()
	if !bites {
		t.Errorf("mended in this Gorgonia: %s", trap)
	}
}

// runOnce is runTape for graphs whose second run may differ, or that fail.
func runOnce(t *testing.T, nodes ...*G.Node) ([][]float64, error) {
	t.Helper()
	values := watch(nodes)
	vm := G.NewTapeMachine(nodes[0].Graph())
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		return nil, err
	}
	results := make([][]float64, len(nodes))
	for i, v := range values {
		results[i] = numbers(t, v)
	}
	return results, nil
}

// once is runOnce for graphs that do not fail.
func once(t *testing.T, nodes ...*G.Node) [][]float64 {
	t.Helper()
	results, err := runOnce(t, nodes...)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func same(got, want []float64) bool {
	return compare("", [][]float64{got}, [][]float64{want}, 1e-9) == nil
}

// inChild runs f, which may end the process, in a process of its own: this test again.
// It returns what that printed and how it ended; in the child it does not return.
func inChild(t *testing.T, f func()) (string, error) {
	t.Helper()
	const variable = "KLDIVLOSS_CHILD"
	if os.Getenv(variable) == t.Name() {
		f()
		os.Exit(0)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self, "-test.run=^"+strings.ReplaceAll(t.Name(), "/", "$/^")+"$")
	child.Env = append(os.Environ(), variable+"="+t.Name())
	out, err := child.CombinedOutput()
	return string(out), err
}
