package kldivloss

import (
	"io"
	"log"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// foreignOp is one of Gorgonia's own ops in front of a loss, applied to a (3, 4)
// matrix of numbers above 0.5.
type foreignOp struct {
	name  string
	apply func(x *G.Node) (*G.Node, error)
}

func tanh(x *G.Node) *G.Node { return G.Must(G.Tanh(x)) }

func reshape(x *G.Node, shape ...int) *G.Node { return G.Must(G.Reshape(x, shape)) }

func sumOver(x *G.Node, along ...int) *G.Node { return G.Must(G.Sum(x, along...)) }

// costOf puts an op between the input and a cost that is not linear in it.
func costOf(op foreignOp) function {
	r := rand.New(rand.NewPCG(1, 2))
	x := random(r, 12)
	for i := range x {
		x[i] = 0.5 + x[i]*x[i]
	}
	return function{
		shapes: [][]int{{3, 4}}, point: [][]float64{x},
		build: func(in G.Nodes) (*G.Node, error) {
			y, err := op.apply(in[0])
			if err != nil {
				return nil, err
			}
			z := G.Must(G.HadamardProd(y, tanh(y)))
			if z.IsScalar() {
				return z, nil
			}
			return G.Sum(z)
		},
	}
}

var elementwise = map[string]func(*G.Node) (*G.Node, error){
	"Tanh": G.Tanh, "Sigmoid": G.Sigmoid, "Exp": G.Exp, "Log": G.Log, "Log1p": G.Log1p, "Expm1": G.Expm1,
	"Sqrt": G.Sqrt, "Square": G.Square, "Cube": G.Cube, "Inverse": G.Inverse, "Neg": G.Neg, "Abs": G.Abs,
	"Sin": G.Sin, "Cos": G.Cos, "Softplus": G.Softplus, "Rectify": G.Rectify,
}

// trusted are the ops Grad differentiates twice. Those named after a trap failed
// before Grad went around it.
func trusted() []foreignOp {
	three := G.NewConstant(3.0)
	ops := []foreignOp{
		{"MatMul", func(x *G.Node) (*G.Node, error) { return G.Mul(x, G.Must(G.Transpose(x, 1, 0))) }},
		{"BatchedMatMul", func(x *G.Node) (*G.Node, error) {
			return G.BatchedMatMul(reshape(x, 2, 2, 3), reshape(tanh(x), 2, 3, 2))
		}},
		{"Tensordot", func(x *G.Node) (*G.Node, error) { return G.Tensordot([]int{0}, []int{0}, x, tanh(x)) }},
		{"vector · vector", func(x *G.Node) (*G.Node, error) { return G.Mul(sumOver(x, 0), tanh(sumOver(x, 0))) }},
		{"Add", func(x *G.Node) (*G.Node, error) { return G.Add(x, tanh(x)) }},
		{"Add to itself", func(x *G.Node) (*G.Node, error) { return G.Add(x, x) }},
		{"Sub", func(x *G.Node) (*G.Node, error) { return G.Sub(x, tanh(x)) }},
		{"HadamardProd", func(x *G.Node) (*G.Node, error) { return G.HadamardProd(x, tanh(x)) }},
		{"HadamardProd with itself", func(x *G.Node) (*G.Node, error) { return G.HadamardProd(x, x) }},
		{"HadamardDiv", func(x *G.Node) (*G.Node, error) { return G.HadamardDiv(tanh(x), x) }},
		{"Pow", func(x *G.Node) (*G.Node, error) { return G.Pow(x, G.NewConstant(2.5)) }},
		{"LeakyRelu", func(x *G.Node) (*G.Node, error) { return G.LeakyRelu(x, 0.1) }},
		{"matrix × constant", func(x *G.Node) (*G.Node, error) { return G.Mul(x, three) }},
		{"constant ÷ matrix", func(x *G.Node) (*G.Node, error) { return G.Div(three, x) }},
		{"matrix × scalar", func(x *G.Node) (*G.Node, error) { return G.Mul(x, sumOver(x)) }},
		{"matrix + scalar", func(x *G.Node) (*G.Node, error) { return G.Add(x, sumOver(x)) }},
		{"scalar − matrix", func(x *G.Node) (*G.Node, error) { return G.Sub(sumOver(x), x) }},
		{"matrix ÷ scalar", func(x *G.Node) (*G.Node, error) { return G.Div(x, sumOver(x)) }},
		{"BroadcastAdd", func(x *G.Node) (*G.Node, error) { return G.BroadcastAdd(x, sumOver(x, 0), nil, []byte{0}) }},
		{"BroadcastSub", func(x *G.Node) (*G.Node, error) { return G.BroadcastSub(x, sumOver(x, 1), nil, []byte{1}) }},
		{"BroadcastHadamardProd", func(x *G.Node) (*G.Node, error) { return G.BroadcastHadamardProd(x, sumOver(x, 0), nil, []byte{0}) }},
		{"BroadcastHadamardDiv", func(x *G.Node) (*G.Node, error) { return G.BroadcastHadamardDiv(x, sumOver(x, 1), nil, []byte{1}) }},
		{"Sum", func(x *G.Node) (*G.Node, error) { return G.Sum(x) }},
		{"Sum 0", func(x *G.Node) (*G.Node, error) { return G.Sum(x, 0) }},
		{"Sum 1", func(x *G.Node) (*G.Node, error) { return G.Sum(x, 1) }},
		{"Sum of a vector", func(x *G.Node) (*G.Node, error) { return G.Sum(sumOver(x, 0)) }},
		{"Mean", func(x *G.Node) (*G.Node, error) { return G.Mean(x) }},
		{"Mean 0", func(x *G.Node) (*G.Node, error) { return G.Mean(x, 0) }},
		{"Max", func(x *G.Node) (*G.Node, error) { return G.Max(x) }},
		{"Max 1", func(x *G.Node) (*G.Node, error) { return G.Max(x, 1) }},
		{"Norm", func(x *G.Node) (*G.Node, error) { return G.Norm(x, 1, 2) }},
		{"trap: Square of a Sum", func(x *G.Node) (*G.Node, error) { return G.Square(sumOver(x)) }},
		{"trap: Tanh of a Sum", func(x *G.Node) (*G.Node, error) { return G.Tanh(sumOver(x)) }},
		{"trap: Exp of a Mean", func(x *G.Node) (*G.Node, error) { return G.Exp(G.Must(G.Mean(x))) }},
		{"trap: Sqrt of a Sum", func(x *G.Node) (*G.Node, error) { return G.Sqrt(sumOver(x)) }},
		{"KeepDims", func(x *G.Node) (*G.Node, error) {
			return G.KeepDims(x, false, func(a *G.Node) (*G.Node, error) { return G.Sum(a, 1) })
		}},
		{"Transpose", func(x *G.Node) (*G.Node, error) { return G.Transpose(x, 1, 0) }},
		{"Reshape", func(x *G.Node) (*G.Node, error) { return G.Reshape(x, tensor.Shape{2, 2, 3}) }},
		{"trap: Cube of a Reshape of a Tanh", func(x *G.Node) (*G.Node, error) { return G.Cube(reshape(tanh(x), 4, 3)) }},
		{"trap: a Reshape beside its source", func(x *G.Node) (*G.Node, error) {
			y := tanh(x)
			return G.Mul(G.Must(G.Cube(reshape(y, 4, 3))), G.Must(G.Square(y)))
		}},
		{"Ravel", func(x *G.Node) (*G.Node, error) { return G.Ravel(x) }},
		{"Concat", func(x *G.Node) (*G.Node, error) { return G.Concat(0, x, tanh(x)) }},
		{"MinBetween", func(x *G.Node) (*G.Node, error) { return G.MinBetween(x, tanh(x)) }},
		{"our Softmax", func(x *G.Node) (*G.Node, error) { return Softmax(x, -1) }},
		{"our LogSoftmax", func(x *G.Node) (*G.Node, error) { return LogSoftmax(x, 0) }},
	}
	for name, apply := range elementwise {
		ops = append(ops, foreignOp{name, apply})
	}
	return ops
}

func TestGradThroughGorgoniaOps(t *testing.T) {
	for _, op := range trusted() {
		t.Run(op.name, func(t *testing.T) { costOf(op).check(t, rand.New(rand.NewPCG(3, 4)), 1e-6) })
	}
}

// refused is an op whose derivative of an order Gorgonia gets wrong or does not have.
type refused struct {
	foreignOp
	order int
	names string // what the error says
}

func refusals() []refused {
	image := func(x *G.Node) *G.Node { return reshape(x, 1, 1, 3, 4) }
	window, none, one := tensor.Shape{2, 2}, []int{0, 0}, []int{1, 1}
	return []refused{
		{foreignOp{"SoftMax", func(x *G.Node) (*G.Node, error) { return G.SoftMax(x) }}, 2, "Softmax"},
		{foreignOp{"LogSoftMax", func(x *G.Node) (*G.Node, error) { return G.LogSoftMax(x) }}, 2, "Softmax"},
		{foreignOp{"Slice", func(x *G.Node) (*G.Node, error) { return G.Slice(x, G.S(1, 3)) }}, 2, "Slice"},
		{foreignOp{"Slice of columns", func(x *G.Node) (*G.Node, error) { return G.Slice(x, nil, G.S(1, 3)) }}, 2, "Slice"},
		{foreignOp{"matrix × vector", func(x *G.Node) (*G.Node, error) { return G.Mul(x, sumOver(x, 0)) }}, 2, "outer product"},
		{foreignOp{"OuterProd", func(x *G.Node) (*G.Node, error) { return G.OuterProd(sumOver(x, 0), tanh(sumOver(x, 0))) }}, 1, "outer product"},
		{foreignOp{"Log2", G.Log2}, 1, "log2"},
		{foreignOp{"InverseSqrt", G.InverseSqrt}, 1, "invSqrt"},
		{foreignOp{"Sparsemax", func(x *G.Node) (*G.Node, error) { return G.Sparsemax(x) }}, 2, "Sparsemax"},
		{foreignOp{"MaxPool2D", func(x *G.Node) (*G.Node, error) { return G.MaxPool2D(image(x), window, none, one) }}, 2, "MaxPool"},
		{foreignOp{"AveragePool2D", func(x *G.Node) (*G.Node, error) { return G.AveragePool2D(image(x), window, none, one) }}, 2, "AvgPool"},
		{foreignOp{"Upsample2D", func(x *G.Node) (*G.Node, error) { return G.Upsample2D(image(x), 2) }}, 2, "Upsample"},
		{foreignOp{"Conv2d", func(x *G.Node) (*G.Node, error) {
			filter := input(x.Graph(), "filter", tensor.Float64, random(rand.New(rand.NewPCG(5, 6)), 4), 1, 1, 2, 2)
			return G.Conv2d(image(x), filter, window, none, one, one)
		}}, 2, "Conv2d"},
		{foreignOp{"ByIndices", func(x *G.Node) (*G.Node, error) {
			return G.ByIndices(x, G.NewConstant(tensor.New(tensor.WithBacking([]int{2, 0}))), 0)
		}}, 2, "ByIndices"},
		{foreignOp{"GroupNorm", func(x *G.Node) (*G.Node, error) {
			scale := input(x.Graph(), "scale", tensor.Float64, []float64{1, 2}, 1, 2, 1, 1)
			bias := input(x.Graph(), "bias", tensor.Float64, []float64{1, 2}, 1, 2, 1, 1)
			return G.GroupNorm(reshape(x, 1, 2, 3, 2), scale, bias, 1, 2, 1e-5)
		}}, 2, "GroupNorm"},
		{foreignOp{"SoftMax of a column", func(x *G.Node) (*G.Node, error) { return G.SoftMax(reshape(x, 12, 1)) }}, 1, "explicit axis"},
		{foreignOp{"LogSoftMax of a column", func(x *G.Node) (*G.Node, error) { return G.LogSoftMax(reshape(x, 12, 1)) }}, 1, "explicit axis"},
		{foreignOp{"Sparsemax of columns", func(x *G.Node) (*G.Node, error) { return G.Sparsemax(x, 0) }}, 1, "Sparsemax"},
		{foreignOp{"Dropout with probability 0", func(x *G.Node) (*G.Node, error) { return G.Dropout(x, 0) }}, 1, "Dropout"},
		{foreignOp{"padded AveragePool2D", func(x *G.Node) (*G.Node, error) { return G.AveragePool2D(image(x), window, one, one) }}, 1, "padded"},
		{foreignOp{"Ceil", G.Ceil}, 1, "wrt 0"},
		{foreignOp{"GlobalAveragePool2D", func(x *G.Node) (*G.Node, error) { return G.GlobalAveragePool2D(reshape(x, 1, 2, 3, 2)) }}, 1, "GlobalAveragePool"},
	}
}

// refusal differentiates an op at first order and, where only the second is refused, there.
func (c refused) refusal(t *testing.T) error {
	t.Helper()
	f := costOf(c.foreignOp)
	err := f.checkGradient(1e-6)
	if c.order == 1 {
		return err
	}
	if err != nil {
		t.Fatalf("first order: %v", err)
	}
	return f.checkHVP([][]float64{random(rand.New(rand.NewPCG(7, 8)), 12)}, 1e-6)
}

// TestGradRefuses holds Grad to an error, never a wrong number, where Gorgonia's
// own derivative is wrong or missing.
func TestGradRefuses(t *testing.T) {
	silenceLog(t)
	for _, c := range refusals() {
		t.Run(c.name, func(t *testing.T) {
			err := c.refusal(t)
			if !errors.Is(err, ErrNotDifferentiable) || !strings.Contains(err.Error(), c.names) {
				t.Errorf("got %v, want ErrNotDifferentiable that names %s", err, c.names)
			}
		})
	}
}

// silenceLog keeps the gradients that GroupNorm logs out of the output.
func silenceLog(t *testing.T) {
	log.SetOutput(io.Discard)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
}
