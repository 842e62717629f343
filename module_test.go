package kldivloss

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const scratchProgram = `package main

import (
	"fmt"

	"github.com/kldivloss/kldivloss"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func main() {
	g := G.NewGraph()
	v := tensor.New(tensor.WithShape(1, 2), tensor.WithBacking([]float64{0.5, 0.5}))
	p := G.NewMatrix(g, G.Float64, G.WithShape(1, 2), G.WithName("p"), G.WithValue(v))
	loss := G.Must(kldivloss.KLDivLoss(p, p, kldivloss.WithPredForm(kldivloss.Probs), kldivloss.WithReduction(kldivloss.ReductionSum)))
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	if err := vm.RunAll(); err != nil {
		panic(err)
	}
	fmt.Println("loss", loss.Value())
}
`

// TestModuleThatRequiresOnlyUs runs a program in a module of its own whose only
// requirement is this one.
func TestModuleThatRequiresOnlyUs(t *testing.T) {
	out, err := runScratchProgram(t, "", "")
	if err != nil || !strings.Contains(out, "loss 0") {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestTrapMovingGC: with the version of assume-no-moving-gc that tensor asks for,
// everything that imports Gorgonia panics at init. Ours is newer.
func TestTrapMovingGC(t *testing.T) {
	if !*long {
		t.Skip("compiles Gorgonia anew: with -long only")
	}
	const old = "go4.org/unsafe/assume-no-moving-gc v0.0.0-20220617031537-928513b29760"
	out, err := runScratchProgram(t,
		"\nreplace go4.org/unsafe/assume-no-moving-gc => "+old+"\n",
		old+" h1:FyBZqvoA/jbNzuAWLQE2kG820zMAkcilx6BMjGbL/E4=\n"+
			old+"/go.mod h1:FftLjUGFEDu5k8lt0ddY+HcrH/qU/0qk+H8j9/nTl3E=\n")
	stillBites(t, err != nil && strings.Contains(out, "Something in this program imports go4.org/unsafe/assume-no-moving-gc"),
		"a Gorgonia without our requirement starts: "+out)
}

// TestVulnerablePackages: whoever links us links none of the packages whose entries in
// Go's vulnerability database docs/RELIABILITY.md lists.
func TestVulnerablePackages(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	linked := strings.Fields(string(out))
	if !slices.Contains(linked, "gorgonia.org/gorgonia") {
		t.Fatalf("Gorgonia is not among %d packages", len(linked))
	}
	for _, pkg := range linked {
		for _, bad := range []string{"golang.org/x/image", "golang.org/x/text", "golang.org/x/sys/windows", "google.golang.org/protobuf/encoding/protojson"} {
			if strings.HasPrefix(pkg, bad) {
				t.Errorf("%s is linked", pkg)
			}
		}
	}
}

// runScratchProgram runs scratchProgram in a module of its own.
func runScratchProgram(t *testing.T, mod, sum string) (string, error) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds a program")
	}
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.go": scratchProgram,
		"go.sum":  string(sums) + sum,
		"go.mod": "module scratch\n\ngo 1.22.0\n\nrequire github.com/kldivloss/kldivloss v0.0.0\n\n" +
			"replace github.com/kldivloss/kldivloss => " + here + "\n" + mod,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command("go", "run", "-mod=mod", ".")
	run.Dir = dir
	out, err := run.CombinedOutput()
	return string(out), err
}
