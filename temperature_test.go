package kldivloss

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestTemperature holds the loss and its gradients to the formula in plain Go, both
// sides, both forms, with and without T².
func TestTemperature(t *testing.T) {
	r := rand.New(rand.NewPCG(85, 86))
	const rows, classes = 3, 20
	for _, temperature := range []float64{0.5, 1, 3} {
		for _, forms := range [][2]Form{{Logits, Logits}, {LogProbs, Logits}, {Logits, LogProbs}, {LogProbs, LogProbs}} {
			for _, scaleT2 := range []bool{false, true} {
				x, y := inForm(r, forms[0], rows*classes), inForm(r, forms[1], rows*classes)
				loss, dx, dy := 0.0, make([]float64, rows*classes), make([]float64, rows*classes)
				factor := 1.0
				if scaleT2 {
					factor = temperature * temperature
				}
				for row := range rows {
					q, p := softened(x[row*classes:][:classes], temperature), softened(y[row*classes:][:classes], temperature)
					kl := 0.0
					for i := range p {
						kl += p[i] * math.Log(p[i]/q[i])
					}
					loss += factor * kl / rows
					for i := range p {
						dx[row*classes+i] = factor * (q[i] - p[i]) / temperature / rows
						dy[row*classes+i] = factor * p[i] * (math.Log(p[i]/q[i]) - kl) / temperature / rows
					}
				}
				for _, dtype := range dtypes {
					t.Run(fmt.Sprintf("T=%v/%v/T²=%t/%v", temperature, forms, scaleT2, dtype), func(t *testing.T) {
						build := func() (cost, xn, yn *G.Node) {
							g := G.NewGraph()
							xn, yn = input(g, "x", dtype, x, rows, classes), input(g, "y", dtype, y, rows, classes)
							return must(t)(KLDivLoss(xn, yn, WithPredForm(forms[0]), WithTargetForm(forms[1]),
								WithTemperature(temperature, scaleT2), WithReduction(ReductionBatchMean))), xn, yn
						}
						cost, xn, yn := build()
						got := runTape(t, append(mustAll(t)(G.Grad(cost, xn, yn)), cost)...)
						cost, xn, yn = build()
						lisp := runLisp(t, cost, xn, yn)
						tolerance := map[tensor.Dtype]float64{tensor.Float64: 1e-12, tensor.Float32: 2e-5}[dtype]
						assertClose(t, "loss", got[2], []float64{loss}, tolerance)
						assertClose(t, "∂pred", got[0], dx, tolerance)
						assertClose(t, "∂target", got[1], dy, tolerance)
						assertClose(t, "LispMachine ∂pred", lisp[0], dx, tolerance)
						assertClose(t, "LispMachine ∂target", lisp[1], dy, tolerance)
					})
				}
			}
		}
	}
}

func softened(x []float64, temperature float64) []float64 {
	top := math.Inf(-1)
	for _, v := range x {
		top = math.Max(top, v)
	}
	out, sum := make([]float64, len(x)), 0.0
	for i, v := range x {
		out[i] = math.Exp((v - top) / temperature)
		sum += out[i]
	}
	for i := range out {
		out[i] /= sum
	}
	return out
}

// TestTemperatureOfHinton: with T² and T far above the logits, which have mean 0, the
// gradient of each case is (z − v)/N, "matching logits" (Hinton et al. 2015, equation 4).
func TestTemperatureOfHinton(t *testing.T) {
	z, v := []float64{1, -2, 0.5, 0.5}, []float64{-1, 0, 3, -2}
	g := G.NewGraph()
	x, y := input(g, "z", tensor.Float64, z, 1, 4), input(g, "v", tensor.Float64, v, 1, 4)
	cost := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(Logits), WithTemperature(1e4, true), WithReduction(ReductionSum)))
	want := make([]float64, 4)
	for i := range want {
		want[i] = (z[i] - v[i]) / 4
	}
	assertClose(t, "gradient", runTape(t, mustAll(t)(G.Grad(cost, x))...)[0], want, 1e-3)
}

// TestTemperatureDifferences checks second derivatives too, and the relatives.
func TestTemperatureDifferences(t *testing.T) {
	r := rand.New(rand.NewPCG(87, 88))
	shape := []int{2, 9}
	for _, beta := range []float64{0, 0.3, 1} {
		function{
			shapes: [][]int{shape, shape},
			point:  [][]float64{random(r, 18), random(r, 18)},
			build: func(in G.Nodes) (*G.Node, error) {
				return JSDivLoss(in[0], in[1], beta, WithFromLogits(false), WithTargetForm(Logits), WithTemperature(2, true), WithReduction(ReductionSum))
			},
		}.check(t, r, 1e-6)
	}
}

// TestTemperatureAtTheEdges: far logits, a constant teacher, and strided input.
func TestTemperatureAtTheEdges(t *testing.T) {
	g := G.NewGraph()
	x := input(g, "x", tensor.Float64, []float64{1e30, 0, -1e30, 0}, 2, 2)
	teacher := G.NewConstant(dense(tensor.Float64, []float64{1e30, 0, 0, 1e30}, 2, 2))
	loss := must(t)(KLDivLoss(x, teacher, WithFromLogits(false), WithTargetForm(Logits), WithTemperature(4, false), WithReduction(ReductionSum)))
	assertClose(t, "equal limits", runTape(t, loss)[0], []float64{0}, 0)

	r := rand.New(rand.NewPCG(89, 90))
	data, other := random(r, 12), random(r, 12)
	var want []float64
	for _, layout := range []string{"row-major", "transposed", "column slice"} {
		g := G.NewGraph()
		x := inputOf(g, "x", layouts(t, tensor.Float64, data, 3, 4)[layout])
		y := inputOf(g, "y", layouts(t, tensor.Float64, other, 3, 4)[layout])
		cost := must(t)(KLDivLoss(x, y, WithFromLogits(false), WithTargetForm(Logits), WithTemperature(2, true), WithReduction(ReductionSum)))
		got := runTape(t, mustAll(t)(G.Grad(cost, x))...)[0]
		if want == nil {
			want = got
		}
		assertClose(t, layout, got, want, 1e-15)
	}
}

func TestTemperatureErrors(t *testing.T) {
	g := G.NewGraph()
	x, y := zeros(g, "x", tensor.Float64, 2, 3), zeros(g, "y", tensor.Float64, 2, 3)
	scores := []Option{WithFromLogits(false), WithTargetForm(Logits)}
	for _, c := range []struct {
		opts []Option
		want string
	}{
		{append(scores, WithTemperature(0, true)), "temperature is 0, expected a number above 0"},
		{append(scores, WithTemperature(-1, true)), "temperature is -1"},
		{append(scores, WithTemperature(math.NaN(), true)), "temperature is NaN"},
		{append(scores, WithTemperature(math.Inf(1), true)), "temperature is +Inf"},
		{append(scores, WithTemperature(1e200, true)), "temperature is 1e+200"},
		{[]Option{WithTemperature(2, true)}, "temperature is 2 for a target in form Probs, expected Logits or LogProbs"},
		{append(scores, WithPredForm(Probs), WithTemperature(2, true)), "for a pred in form Probs"},
	} {
		if _, err := KLDivLoss(x, y, c.opts...); !errors.Is(err, ErrOption) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, expected an error with %q", err, c.want)
		}
	}
	if _, err := KLDivLoss(x, y, append(scores, WithTemperature(1e200, false))...); err != nil {
		t.Errorf("a large temperature without its square: %v", err)
	}
	narrow := zeros(g, "narrow", tensor.Float32, 2, 3)
	if _, err := KLDivLoss(narrow, narrow, append(scores, WithTemperature(1e-60, false))...); !errors.Is(err, ErrOption) || !strings.Contains(err.Error(), "temperature is 1e-60") {
		t.Errorf("a temperature that is 0 as float32: %v", err)
	}
	if _, err := GaussianKL(x, y, WithTemperature(2, true)); !errors.Is(err, ErrOption) || !strings.Contains(err.Error(), "temperature 2 is given") {
		t.Errorf("GaussianKL: %v", err)
	}
}
