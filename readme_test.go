package kldivloss

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadme holds the README's code to be part of an Example, which go test runs,
// and its commands to be part of CI.
func TestReadme(t *testing.T) {
	readme, ci, examples := readFiles(t, "README.md"), readFiles(t, ".ci/run"), readFiles(t, "*example_test.go")
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

// TestReliabilityPage holds every test that the page names to exist.
func TestReliabilityPage(t *testing.T) {
	tests := readFiles(t, "*_test.go") + readFiles(t, "*/*_test.go") + readFiles(t, "internal/*/*_test.go")
	names := regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z]+)`").FindAllStringSubmatch(readFiles(t, "docs/RELIABILITY.md"), -1)
	if len(names) < 50 {
		t.Errorf("%d tests on the page", len(names))
	}
	for _, name := range names {
		if !strings.Contains(tests, "\nfunc "+name[1]+"(") {
			t.Errorf("the page names %s, which there is not", name[1])
		}
	}
}

// readFiles joins the files that a pattern names.
func readFiles(t *testing.T, pattern string) string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil || len(names) == 0 {
		t.Fatalf("no %s: %v", pattern, err)
	}
	var all strings.Builder
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	return all.String()
}
