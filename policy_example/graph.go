package main

import (
	"fmt"

	"github.com/kldivloss/kldivloss"
	"github.com/kldivloss/kldivloss/internal/fastblas"
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Matrix products are half of the work, and gonum's take eight times as long.
func init() { G.Use(fastblas.BLAS{}) }

// builder builds one graph. The first error sticks and makes what follows do nothing,
// so that formulas read as formulas; compile reports it.
type builder[T float] struct {
	graph *G.ExprGraph
	ones  *G.Node // (N, 1)
	err   error
}

// newBuilder starts a graph for batches of the given number of samples N.
func newBuilder[T float](samples int) *builder[T] {
	b := &builder[T]{graph: G.NewGraph()}
	ones := make([]T, samples)
	for i := range ones {
		ones[i] = 1
	}
	b.ones = b.input("ones", ones, samples, 1)
	return b
}

// input adds an input node that reads data, whatever it holds when the machine runs.
// Each graph gets a tensor header of its own over the shared memory: Gorgonia's MatMul
// transposes headers in place, so that machines may not share them. The name matters:
// unnamed inputs of one shape would merge.
func (b *builder[T]) input(name string, data []T, shape ...int) *G.Node {
	value := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	return G.NewTensor(b.graph, dtypeOf[T](), len(shape), G.WithShape(shape...), G.WithName(name), G.WithValue(value))
}

// parameters adds the layers of a vector of n's size as inputs: W₁, b₁, W₂, …, with
// biases of shape (1, out).
func (b *builder[T]) parameters(name string, n *network[T], vector []T) G.Nodes {
	var nodes G.Nodes
	for l := range n.layers() {
		weight, bias := n.layer(vector, l)
		nodes = append(nodes,
			b.input(fmt.Sprintf("%s.W%d", name, l+1), weight, n.widths[l], n.widths[l+1]),
			b.input(fmt.Sprintf("%s.b%d", name, l+1), bias, 1, n.widths[l+1]))
	}
	return nodes
}

// perceptron applies a network with the given parameters to x, (N, in).
func (b *builder[T]) perceptron(x *G.Node, parameters G.Nodes) *G.Node {
	h := x
	for l := 0; l < len(parameters); l += 2 {
		if l > 0 {
			h = b.unary(G.Tanh, h)
		}
		// The bias as a product with ones: its gradient is one too, and both cost less
		// than Gorgonia's broadcast.
		h = b.binary(G.Add, b.binary(G.Mul, h, parameters[l]), b.binary(G.Mul, b.ones, parameters[l+1]))
	}
	return h
}

func (b *builder[T]) unary(op func(*G.Node) (*G.Node, error), x *G.Node) *G.Node {
	return b.node(func() (*G.Node, error) { return op(x) })
}

func (b *builder[T]) binary(op func(x, y *G.Node) (*G.Node, error), x, y *G.Node) *G.Node {
	return b.node(func() (*G.Node, error) { return op(x, y) })
}

func (b *builder[T]) sum(x *G.Node) *G.Node {
	return b.node(func() (*G.Node, error) { return G.Sum(x) })
}

// scaled is c·x.
func (b *builder[T]) scaled(x *G.Node, c float64) *G.Node {
	return b.binary(G.HadamardProd, x, G.NewConstant(T(c)))
}

// divergence is KL(target ‖ softmax of the logits), with the classes along axis 1.
func (b *builder[T]) divergence(logits, target *G.Node, options ...kldivloss.Option) *G.Node {
	return b.node(func() (*G.Node, error) {
		return kldivloss.KLDivLoss(logits, target, append(options, kldivloss.WithFromLogits(false))...)
	})
}

func (b *builder[T]) node(build func() (*G.Node, error)) *G.Node {
	if b.err != nil {
		return nil
	}
	n, err := build()
	b.err = err
	return n
}

func (b *builder[T]) nodes(build func() (G.Nodes, error)) G.Nodes {
	if b.err != nil {
		return nil
	}
	nodes, err := build()
	b.err = err
	return nodes
}

// machine is a compiled graph with the values it is asked for.
type machine[T float] struct {
	vm     G.VM
	values []G.Value
}

// compile makes the graph a machine that gives the values of the wanted nodes.
func (b *builder[T]) compile(wanted ...*G.Node) (*machine[T], error) {
	if b.err != nil {
		return nil, errors.Wrap(b.err, "building the graph")
	}
	m := &machine[T]{values: make([]G.Value, len(wanted))}
	for i, n := range wanted {
		G.Read(n, &m.values[i]) // must be in the graph before the machine compiles it
	}
	m.vm = G.NewTapeMachine(b.graph)
	return m, nil
}

func (m *machine[T]) run() error {
	err := m.vm.RunAll()
	m.vm.Reset()
	return errors.Wrap(err, "running the graph")
}

// scalar is the value of wanted node i in the last run.
func (m *machine[T]) scalar(i int) float64 {
	switch v := m.values[i].Data().(type) {
	case T:
		return float64(v)
	case []T:
		return float64(v[0])
	}
	panic(fmt.Sprintf("a value of type %T", m.values[i].Data()))
}

// gather copies the values of the wanted nodes from i on, end to end, into dst. The
// next run overwrites what a machine gives, hence the copy.
func (m *machine[T]) gather(dst []T, i int) {
	for _, v := range m.values[i:] {
		switch data := v.Data().(type) {
		case T:
			dst[0], dst = data, dst[1:]
		case []T:
			dst = dst[copy(dst, data):]
		}
	}
}

func (m *machine[T]) Close() error { return m.vm.Close() }

func dtypeOf[T float]() tensor.Dtype {
	var zero T
	if _, ok := any(zero).(float32); ok {
		return tensor.Float32
	}
	return tensor.Float64
}
