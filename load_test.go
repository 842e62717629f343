package kldivloss

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// network is a classifier on a machine of its own, whose weights lie in memory that
// others use too.
type network struct {
	x, target *G.Node
	values    []G.Value // the loss, its gradient with respect to each weight, a product
	vm        G.VM
}

// size of a network. In a large one the kernels start goroutines of their own.
type size struct{ batch, hidden, classes int }

var (
	small = size{4, 5, 9}
	large = size{256, 5, 512}
)

const features = 3

// shared makes a tensor whose header is its own and whose memory is not.
func shared(dtype tensor.Dtype, memory interface{}, shape ...int) *tensor.Dense {
	return tensor.New(tensor.Of(dtype), tensor.WithShape(shape...), tensor.WithBacking(memory))
}

// weights is the memory that the networks of one size and dtype share.
func weights(dtype tensor.Dtype, s size) [2]interface{} {
	r := rand.New(rand.NewPCG(101, 102))
	return [2]interface{}{
		dense(dtype, random(r, features*s.hidden), features*s.hidden).Data(),
		dense(dtype, random(r, s.hidden*s.classes), s.hidden*s.classes).Data(),
	}
}

func buildNetwork(t *testing.T, dtype tensor.Dtype, s size, memory [2]interface{}) (cost, x, target *G.Node, w G.Nodes) {
	t.Helper()
	g := G.NewGraph()
	x, target = zeros(g, "x", dtype, s.batch, features), zeros(g, "target", dtype, s.batch, s.classes)
	w = G.Nodes{
		inputOf(g, "w0", shared(dtype, memory[0], features, s.hidden)),
		inputOf(g, "w1", shared(dtype, memory[1], s.hidden, s.classes)),
	}
	logits := G.Must(G.Mul(tanh(G.Must(G.Mul(x, w[0]))), w[1]))
	cost = must(t)(KLDivLoss(logits, target, WithFromLogits(false), WithTargetForm(Logits), WithReduction(ReductionBatchMean)))
	return cost, x, target, w
}

func newNetwork(t *testing.T, dtype tensor.Dtype, s size, memory [2]interface{}) *network {
	t.Helper()
	cost, x, target, w := buildNetwork(t, dtype, s, memory)
	nodes := append(G.Nodes{cost}, mustAll(t)(Grad(cost, w...))...)
	if s == small { // to share the memory with the second derivatives
		nodes = append(nodes, mustAll(t)(HessianVectorProduct(cost, w, w))...)
	}
	return machineFor(t, x, target, nodes)
}

func machineFor(t *testing.T, x, target *G.Node, nodes G.Nodes) *network {
	t.Helper()
	n := &network{x: x, target: target, values: watch(nodes)}
	n.vm = G.NewTapeMachine(x.Graph())
	t.Cleanup(func() { n.vm.Close() })
	return n
}

// batch is what a step binds to a network's inputs.
type batch struct{ x, target []float64 }

func batches(n int, s size) []batch {
	r := rand.New(rand.NewPCG(103, 104))
	all := make([]batch, n)
	for i := range all {
		all[i] = batch{random(r, s.batch*features), random(r, s.batch*s.classes)}
	}
	return all
}

// step runs the network on a batch and returns all its results one after the other.
func (n *network) step(b batch) ([]float64, error) {
	for _, in := range []struct {
		node *G.Node
		data []float64
	}{{n.x, b.x}, {n.target, b.target}} {
		dtype, _ := dtypeOf(in.node)
		if err := G.Let(in.node, dense(dtype, in.data, in.node.Shape()...)); err != nil {
			return nil, err
		}
	}
	defer n.vm.Reset()
	if err := n.vm.RunAll(); err != nil {
		return nil, err
	}
	var all []float64
	for _, v := range n.values {
		all = append(all, flat(v)...)
	}
	return all, nil
}

// repeat steps through the batches and holds every result to the one of a serial run, bit
// for bit.
func (n *network) repeat(steps int, bs []batch, want [][]float64) error {
	for i := range steps {
		got, err := n.step(bs[i%len(bs)])
		if err != nil {
			return err
		}
		if !slices.Equal(got, want[i%len(bs)]) {
			return fmt.Errorf("step %d gives other numbers than a serial run", i)
		}
	}
	return nil
}

func (n *network) serially(t *testing.T, bs []batch) [][]float64 {
	t.Helper()
	want := make([][]float64, len(bs))
	for i, b := range bs {
		var err error
		if want[i], err = n.step(b); err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(want[i], func(x float64) bool { return x != 0 }) {
			t.Fatal("all results are 0")
		}
	}
	return want
}

// atOnce calls f in n goroutines.
func atOnce(t *testing.T, n int, f func(i int) error) {
	t.Helper()
	var wait sync.WaitGroup
	for i := range n {
		wait.Add(1)
		go func() {
			defer wait.Done()
			if err := f(i); err != nil {
				t.Errorf("goroutine %d: %v", i, err)
			}
		}()
	}
	wait.Wait()
}

// TestConcurrentTraining runs eight goroutines over shared weights, on machines with
// headers of their own, half of them in float32; one step in fifty is so large that the
// kernels run in several goroutines each. -race watches.
func TestConcurrentTraining(t *testing.T) {
	const goroutines, some = 8, 5
	rounds := 1
	if *long {
		rounds = 25 // of 50 steps, 10,000 in all
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	type work struct {
		n    *network
		bs   []batch
		want [][]float64
	}
	var works [goroutines]map[size]work
	for _, s := range []size{small, large} {
		bs := batches(some, s)
		for k, dtype := range dtypes {
			memory := weights(dtype, s)
			want := newNetwork(t, dtype, s, memory).serially(t, bs)
			for i := k; i < goroutines; i += len(dtypes) {
				if works[i] == nil {
					works[i] = map[size]work{}
				}
				works[i][s] = work{newNetwork(t, dtype, s, memory), bs, want}
			}
		}
	}
	before := runtime.NumGoroutine()
	atOnce(t, goroutines, func(i int) error {
		for range rounds {
			for s, steps := range map[size]int{small: 49, large: 1} {
				w := works[i][s]
				if err := w.n.repeat(steps, w.bs, w.want); err != nil {
					return err
				}
			}
		}
		return nil
	})
	t.Logf("%d steps", goroutines*rounds*50)
	if after := settledGoroutines(before); after > before {
		t.Errorf("%d goroutines, %d before", after, before)
	}
}

// TestConcurrentClones runs the clones of one graph, each on a machine of its own.
// ExprGraph.Clone copies the values that inputs are bound to. It does not copy where a
// gorgonia.Read puts its value: Read is called on the clones.
func TestConcurrentClones(t *testing.T) {
	steps := 20
	if *long {
		steps = 1000
	}
	bs := batches(3, small)
	memory := weights(tensor.Float64, small)
	cost, x, target, w := buildNetwork(t, tensor.Float64, small, memory)
	nodes := append(G.Nodes{cost}, mustAll(t)(Grad(cost, w...))...)
	want := newNetwork(t, tensor.Float64, small, memory).serially(t, bs)
	for i := range want {
		want[i] = want[i][:1+product(w[0].Shape())+product(w[1].Shape())]
	}
	clones := make([]*network, 4)
	for i := range clones {
		g := x.Graph().Clone().(*G.ExprGraph)
		twin := func(n *G.Node) *G.Node { return g.Node(n.ID()).(*G.Node) }
		for _, n := range w {
			if c := twin(n); c.Value().Uintptr() == n.Value().Uintptr() {
				t.Fatal("a clone's weights are in its original's memory")
			}
		}
		var twins G.Nodes
		for _, n := range nodes {
			twins = append(twins, twin(n))
		}
		clones[i] = machineFor(t, twin(x), twin(target), twins)
	}
	atOnce(t, len(clones), func(i int) error { return clones[i].repeat(steps, bs, want) })
}
