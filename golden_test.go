package kldivloss

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// goldenCase is one case of testdata/golden/torch.json.gz: values, gradients of
// the summed loss and a Hessian-vector product by PyTorch autograd in float64.
type goldenCase struct {
	Name              string    `json:"name"`
	Shape             []int     `json:"shape"`
	Pred              []float64 `json:"pred"`
	Target            []float64 `json:"target"`
	PredForm          string    `json:"predForm"`
	TargetForm        string    `json:"targetForm"`
	Reduction         string    `json:"reduction"`
	Axis              int       `json:"axis"`
	BatchAxis         int       `json:"batchAxis"`
	Weight            float64   `json:"weight"`
	SampleWeight      []float64 `json:"sampleWeight"`
	SampleWeightShape []int     `json:"sampleWeightShape"`
	OutShape          []int     `json:"outShape"`
	Out               []float64 `json:"out"`
	DPred             []float64 `json:"dPred"`
	DTarget           []float64 `json:"dTarget"`
	V                 []float64 `json:"v"`
	HVPred            []float64 `json:"hvPred"`
}

var (
	formNames      = map[string]Form{"probs": Probs, "logprobs": LogProbs, "logits": Logits}
	reductionNames = map[string]Reduction{
		"persample": ReductionPerSample, "none": ReductionNone, "sum": ReductionSum,
		"mean": ReductionMean, "batchmean": ReductionBatchMean,
		"perdistribution": ReductionPerDistribution, "distributionmean": ReductionDistributionMean,
	}
)

// decodeGolden reads testdata/golden/name.json.gz into v.
func decodeGolden(t *testing.T, name string, v any) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "golden", name+".json.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.NewDecoder(z).Decode(v); err != nil {
		t.Fatal(err)
	}
}

func goldenCases(t *testing.T) []goldenCase {
	t.Helper()
	var file struct{ Cases []goldenCase }
	decodeGolden(t, "torch", &file)
	if len(file.Cases) != 228 {
		t.Fatalf("%d golden cases, want 228", len(file.Cases))
	}
	return file.Cases
}

func (c goldenCase) options(g *G.ExprGraph, dtype tensor.Dtype) []Option {
	opts := []Option{
		WithPredForm(formNames[c.PredForm]), WithTargetForm(formNames[c.TargetForm]),
		WithReduction(reductionNames[c.Reduction]),
		WithAxis(c.Axis), WithBatchAxis(c.BatchAxis), WithWeight(c.Weight),
	}
	if c.SampleWeight != nil {
		opts = append(opts, WithSampleWeight(input(g, "w", dtype, c.SampleWeight, c.SampleWeightShape...)))
	}
	return opts
}

func (c goldenCase) build(t *testing.T, dtype tensor.Dtype) (pred, target, loss *G.Node) {
	t.Helper()
	g := G.NewGraph()
	pred = input(g, "pred", dtype, c.Pred, c.Shape...)
	target = input(g, "target", dtype, c.Target, c.Shape...)
	loss = must(t)(KLDivLoss(pred, target, c.options(g, dtype)...))
	return pred, target, loss
}

func TestGolden(t *testing.T) {
	tolerances := map[tensor.Dtype]float64{tensor.Float64: 1e-10, tensor.Float32: 2e-5}
	for _, c := range goldenCases(t) {
		for _, dtype := range dtypes {
			t.Run(c.Name+"/"+dtype.String(), func(t *testing.T) { c.check(t, dtype, tolerances[dtype]) })
		}
	}
}

func (c goldenCase) check(t *testing.T, dtype tensor.Dtype, tolerance float64) {
	pred, target, loss := c.build(t, dtype)
	if got := loss.Shape(); !slices.Equal(got, c.OutShape) {
		t.Fatalf("shape %v, want %v", got, c.OutShape)
	}
	grads := mustAll(t)(G.Grad(scalarCost(t, loss), pred, target))
	got := runTape(t, loss, grads[0], grads[1])
	assertClose(t, "loss", got[0], c.Out, tolerance)
	assertClose(t, "∂pred", got[1], c.DPred, tolerance)
	assertClose(t, "∂target", got[2], c.DTarget, tolerance)

	pred, target, loss = c.build(t, dtype)
	lisp := runLisp(t, scalarCost(t, loss), pred, target)
	assertClose(t, "LispMachine ∂pred", lisp[0], c.DPred, tolerance)
	assertClose(t, "LispMachine ∂target", lisp[1], c.DTarget, tolerance)

	pred, _, loss = c.build(t, dtype)
	cost := scalarCost(t, loss)
	v := input(pred.Graph(), "v", dtype, c.V, c.Shape...)
	product := mustAll(t)(HessianVectorProduct(cost, G.Nodes{pred}, G.Nodes{v}))[0]
	gradient := mustAll(t)(Grad(cost, pred))[0]
	inner := G.Must(G.Sum(G.Must(G.HadamardProd(gradient, v))))
	again := mustAll(t)(Grad(inner, pred))[0]
	hvp := runTape(t, product, again)
	assertClose(t, "HessianVectorProduct", hvp[0], c.HVPred, tolerance)
	assertClose(t, "Grad of ⟨Grad, v⟩", hvp[1], c.HVPred, tolerance)
}
