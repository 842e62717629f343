package main

import (
	"fmt"
	"os"
	"runtime"
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
	dir, err := os.MkdirTemp("", "peers")
	if err != nil {
		return o, err
	}
	defer os.RemoveAll(dir)
	if err := newData(c.workload).save(dir); err != nil {
		return o, err
	}
	names := []string{oursName}
	if c.composedTarget != 0 {
		names = append(names, composedName)
	}
	ofLayers := layerNames(c.workload)
	names = append(names, ofLayers...)
	var contenders []contender
	var want result
	var composedError float64
	for _, name := range names {
		r, err := startRemote(name, c.workload)
		if err != nil {
			return o, err
		}
		defer r.stop()
		contenders = append(contenders, r.contender())
		switch name {
		case oursName:
			want = r.result
		case composedName:
			// Gorgonia adds float32 one after the other: its sums of millions are rough.
			if err := agree(name, r.result, want, 0.5); err != nil {
				return o, err
			}
			composedError = relative(r.result.Value, want.Value)
		}
	}
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
	o.layers, rest = layersOf(c.workload, rest[:len(ofLayers)]), rest[len(ofLayers):]
	for ; len(rest) > 0; rest = rest[2:] {
		pair := peerOutcome{eager: rest[0], best: rest[1]}
		if pair.eager.median < pair.best.median {
			pair.best = pair.eager
		}
		o.peers = append(o.peers, pair)
	}
	return o, nil
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
