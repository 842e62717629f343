package main

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// outcome is a measured row of the table.
type outcome struct {
	comparison
	ours          summary
	composed      *summary
	composedError float64 // of its loss, relative
	layers        layers
	peers         []peerOutcome
}

type peerOutcome struct {
	eager, best summary // the documented formulation, and the fastest of all
}

// compare measures one row, everyone's turns in alternation.
func compare(c comparison, p protocol, peers []*peer) (o outcome, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s %s %s: %w", c.shape(), c.dtype, c.mode, err)
		}
	}()
	defer useThreads(c.threads)()
	if c.threads > 1 {
		p.pause = 10 * time.Millisecond
	}
	d := newData(c.workload)
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	if err := d.save(dir); err != nil {
		return o, err
	}
	ours, want, closeOurs, err := builder(ours).enter("ours", c.workload, d)
	if err != nil {
		return o, err
	}
	defer closeOurs()
	contenders := []contender{ours}
	var composedError float64
	if c.composedTarget != 0 {
		composed, got, closeComposed, err := builder(composed).enter("composed", c.workload, d)
		if err != nil {
			return o, err
		}
		defer closeComposed()
		// Gorgonia adds float32 one after the other: its sums of millions are rough.
		if err := agree("composed", got, want, 0.5); err != nil {
			return o, err
		}
		composedError = relative(got.value, want.value)
		contenders = append(contenders, composed)
	}
	kernels, closeKernels, err := kernelContenders(c.workload, d)
	if err != nil {
		return o, err
	}
	defer closeKernels()
	contenders = append(contenders, kernels...)
	debug.FreeOSMemory()
	for _, peer := range peers {
		variants, err := peer.contenders(c.workload, dir, want, p)
		if err != nil {
			return o, fmt.Errorf("PyTorch %s: %w", peer.versions.Torch, err)
		}
		contenders = append(contenders, variants...)
	}
	summaries, err := p.measure(contenders...)
	if err != nil {
		return o, err
	}
	o = outcome{comparison: c, ours: summaries[0]}
	rest := summaries[1:]
	if c.composedTarget != 0 {
		o.composed, o.composedError, rest = &rest[0], composedError, rest[1:]
	}
	o.layers, rest = layersOf(c.workload, rest[:len(kernels)]), rest[len(kernels):]
	for ; len(rest) > 0; rest = rest[2:] {
		pair := peerOutcome{eager: rest[0], best: rest[1]}
		if pair.eager.median < pair.best.median {
			pair.best = pair.eager
		}
		o.peers = append(o.peers, pair)
	}
	return o, nil
}

// enter computes a program's result, and returns a contender that runs it anew, and
// what closes that.
func (b builder) enter(name string, w workload, d data) (contender, result, func() error, error) {
	r, err := b.check(w, d)
	if err != nil {
		return contender{}, r, nil, fmt.Errorf("%s: %w", name, err)
	}
	m, err := b.machine(w, d)
	if err != nil {
		return contender{}, r, nil, fmt.Errorf("%s: %w", name, err)
	}
	return m.contender(name), r, m.vm.Close, nil
}

// contenders returns two: PyTorch's documented formulation, and the fastest of
// the others.
func (p *peer) contenders(w workload, dir string, want result, rounds protocol) ([]contender, error) {
	reply, err := p.prepare(w, dir)
	if err != nil {
		return nil, err
	}
	if err := agree("the loss here", want, result{reply.Value, reply.Norm}, 1e-3); err != nil {
		return nil, err
	}
	var others []contender
	for _, variant := range reply.Variants {
		others = append(others, p.contender(variant))
	}
	if len(others) == 1 {
		return []contender{others[0], others[0]}, nil
	}
	best, err := rounds.fastest(others[1:])
	return []contender{others[0], best}, err
}

// useThreads sets GOMAXPROCS, keeps this process to as many processors, and returns
// what sets both back.
func useThreads(n int) func() {
	before := runtime.GOMAXPROCS(n)
	pin(n)
	return func() {
		runtime.GOMAXPROCS(before)
		pin(runtime.NumCPU())
	}
}
