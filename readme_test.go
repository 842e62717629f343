package kldivloss

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadme holds the README's code to be part of an Example, which go test runs,
// and its commands to be part of CI.
func TestReadme(t *testing.T) {
	read := func(name string) string {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	readme, ci := read("README.md"), read(".ci/run")
	names, err := filepath.Glob("*example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var examples string
	for _, name := range names {
		examples += read(name)
	}
	blocks := strings.Split(readme, "```go\n")[1:]
	if len(blocks) == 0 {
		t.Error("no code in the README")
	}
	for _, block := range blocks {
		code, _, _ := strings.Cut(block, "```")
		if !strings.Contains(examples, code) {
			t.Errorf("in no Example:\n%s", code)
		}
	}
	complaints := 0
	for _, line := range strings.Split(readme, "\n") {
		if complaint, ok := strings.CutPrefix(line, "    KLDivLoss: "); ok {
			complaints++
			if !strings.Contains(examples, "\t// KLDivLoss: "+complaint+"\n") {
				t.Errorf("no Example gives %q", complaint)
			}
		}
	}
	if complaints != 4 {
		t.Errorf("%d wrong calls in the README, expected 4", complaints)
	}
	for _, command := range []string{"go run ./vae_example", "go run ./tutorial_example", "go run ./policy_example", "go test ./..."} {
		if !strings.Contains(readme, command) || !strings.Contains(ci, command) {
			t.Errorf("%q is not in both the README and .ci/run", command)
		}
	}
}
