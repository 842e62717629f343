package kldivloss

import (
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// gradientMachine is a machine for the gradients of a matrix product, w being a weight
// that others may use at the same time.
func gradientMachine(t *testing.T, w *tensor.Dense) G.VM {
	g := G.NewGraph()
	x, wn := input(g, "x", tensor.Float64, []float64{1, 2}, 1, 2), inputOf(g, "w", w)
	mustAll(t)(G.Grad(sumOver(G.Must(G.Mul(x, wn))), x, wn))
	return G.NewTapeMachine(g)
}

// TestTrapRaces are what may not be done at the same time:
//
//   - machines with the header of one weight: MatMul's derivative transposes it for a
//     moment. Headers of their own over shared memory are fine, see
//     TestConcurrentTraining;
//   - two machines on one graph. Its clones are fine, see TestConcurrentClones;
//   - building graphs, whose derivatives share global constants: their hash is written
//     at first use. It shows in one run of five. Build one graph after the other.
func TestTrapRaces(t *testing.T) {
	if !raceDetector {
		t.Skip("races show under -race only")
	}
	weight := func() *tensor.Dense { return dense(tensor.Float64, []float64{1, 2, 3, 4}, 2, 2) }
	run := func(machines ...G.VM) {
		atOnce(t, len(machines), func(i int) error {
			for range 1000 {
				if err := machines[i].RunAll(); err != nil {
					return err
				}
				machines[i].Reset()
			}
			return nil
		})
	}
	for name, f := range map[string]func(t *testing.T){
		"one header": func(t *testing.T) {
			w := weight()
			run(gradientMachine(t, w), gradientMachine(t, w))
		},
		"one graph": func(t *testing.T) {
			g := G.NewGraph()
			tanh(input(g, "x", tensor.Float64, []float64{1, 2}, 1, 2))
			run(G.NewTapeMachine(g), G.NewTapeMachine(g))
		},
		"building": func(t *testing.T) {
			start := make(chan struct{})
			atOnce(t, 9, func(i int) error {
				if i == 0 {
					close(start)
				}
				<-start
				gradientMachine(t, weight())
				return nil
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("GORACE", "atexit_sleep_ms=0")
			shows := false
			for try := 0; try < 200 && !shows; try++ {
				out, err := inChild(t, func() { f(t) })
				shows = err != nil && (strings.Contains(out, "DATA RACE") || strings.Contains(out, "panic:"))
				t.Logf("try %d: a race %t", try, shows)
			}
			stillBites(t, shows, name+" is safe at the same time")
		})
	}
}
