package main

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// runProgram runs the program and checks its exit status.
func runProgram(t *testing.T, wantStatus int, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if status := run(args, &out, &errs); status != wantStatus {
		t.Fatalf("run(%q) exits %d, want %d: %s", args, status, wantStatus, &errs)
	}
	return out.String(), errs.String()
}

// lineAfter returns the fields that follow a label in the output.
func lineAfter(t *testing.T, output, label string) []string {
	t.Helper()
	for _, line := range strings.Split(output, "\n") {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), label+" "); ok {
			return strings.Fields(strings.NewReplacer("[", "", "]", "").Replace(rest))
		}
	}
	t.Fatalf("no line %q in\n%s", label, output)
	return nil
}

func parseFloat(t *testing.T, s string) float64 {
	t.Helper()
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestNumbers(t *testing.T) {
	const (
		float32Accuracy = 0x1p-23
		float64Accuracy = 0x1p-52
	)
	out, _ := runProgram(t, 0, "-out", filepath.Join(t.TempDir(), "figure.png"))
	for _, c := range []struct {
		label     string
		gluon     string // as the tutorial prints it
		want      float64
		tolerance float64
	}{
		{"prediction 1, target 2", "0.025424212217330933", 0.025424212217330933, float32Accuracy},
		{"prediction 1, target 3", "0.2656409740447998", 0.2656409740447998, float32Accuracy},
		{"prediction 1, target 1", "0.0", 0, 0},
		{"prediction 2, target 1", "-", 0.02494836802286664, float32Accuracy},
		{"prediction 3, target 1", "-", 0.22184670338387422, float32Accuracy},
		{"logits of 1, target 2", "0.025424206629395485", 0.025424206629395485, float32Accuracy},
		{"prediction 4, target 1", "nan", math.Inf(1), 0},
		{"prediction 1, target 4", "-", 0.1322519996029768, float32Accuracy},
		{"true divergence, the sum over classes", "0.10169682996275987", 0.10169682996275987, float64Accuracy},
		{"default, the mean over classes", "0.025424212217330933", 0.025424212217330933, float32Accuracy},
		{"default times 4 classes", "0.10169684886932373", 0.10169684886932373, 4 * float32Accuracy},
	} {
		fields := lineAfter(t, out, c.label)
		if len(fields) != 2 || fields[1] != c.gluon {
			t.Errorf("%s: %q, want ours and %s", c.label, fields, c.gluon)
			continue
		}
		if got := parseFloat(t, fields[0]); got != c.want && !(math.Abs(got-c.want) <= c.tolerance) {
			t.Errorf("%s: %v, want %v", c.label, got, c.want)
		}
	}
}

// The gradient with respect to the logits is q − p, and the Hessian diag(q) − qqᵀ,
// q being distribution 1 and p distribution 2.
func TestDerivatives(t *testing.T) {
	out, _ := runProgram(t, 0, "-out", filepath.Join(t.TempDir(), "figure.png"))
	for label, want := range map[string][]float64{
		"gradient":               {-0.1, 0.1, 0.1, -0.1},
		"vector v":               {1, 0, 0, 0},
		"Hessian-vector product": {0.16, -0.1, -0.04, -0.02},
	} {
		fields := lineAfter(t, out, label)
		if len(fields) != len(want) {
			t.Errorf("%s: %q, want %v", label, fields, want)
			continue
		}
		for i, field := range fields {
			if got := parseFloat(t, field); got != want[i] {
				t.Errorf("%s: class %d is %v, want %v", label, i+1, got, want[i])
			}
		}
	}
}

func TestFigure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "figure.png")
	out, _ := runProgram(t, 0, "-out", path)
	if !strings.Contains(out, path) {
		t.Errorf("the output does not say where the figure is:\n%s", out)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if size := img.Bounds().Size(); size.X != 1296 || size.Y != 648 {
		t.Errorf("the figure is %v pixels, want 1296 by 648", size)
	}
}

func TestHelp(t *testing.T) {
	if out, _ := runProgram(t, 0, "-h"); !strings.Contains(out, "-out") {
		t.Errorf("-h prints %q, want the flags", out)
	}
}

func TestBadUsage(t *testing.T) {
	for _, args := range [][]string{{"-nosuch"}, {"-out"}, {"-out", ""}, {"extra"}} {
		out, errs := runProgram(t, 2, args...)
		if out != "" || strings.Count(errs, "\n") != 1 {
			t.Errorf("run(%q) prints %q and %q, want one line of error", args, out, errs)
		}
	}
}

func TestUnwritableFigure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "missing", "figure.png")
	if _, errs := runProgram(t, 1, "-out", path); !strings.Contains(errs, path) {
		t.Errorf("the error is %q, want it to name %s", errs, path)
	}
}
