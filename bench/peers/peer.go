package main

import (
	_ "embed"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

//go:embed peer.py
var peerScript string

// peer is a Python process that runs PyTorch.
type peer struct {
	*process
	versions peerVersions
}

type peerVersions struct {
	Torch, Python, NumPy string
	Capability           string // torch.__config__.show()
}

const installHelp = `bench/peers compares with PyTorch and found none. On Debian and Ubuntu:

    apt-get install python3-torch python3-numpy python3-scipy

elsewhere: python3 -m venv torch && torch/bin/pip install torch numpy
           go run ./bench/peers -python torch/bin/python`

// startPeers starts one peer for each interpreter, or, when none is named, the
// first of the usual ones that has PyTorch.
func startPeers(interpreters string) ([]*peer, error) {
	if interpreters == "" {
		var failures []string
		for _, name := range []string{"python3", "/usr/bin/python3"} {
			p, err := startPeer(name)
			if err == nil {
				return []*peer{p}, nil
			}
			failures = append(failures, err.Error())
		}
		return nil, fmt.Errorf("%s\n\n%s", strings.Join(failures, "\n"), installHelp)
	}
	var peers []*peer
	for _, name := range strings.Split(interpreters, ",") {
		p, err := startPeer(name)
		if err != nil {
			stopPeers(peers)
			return nil, fmt.Errorf("%w\n\n%s", err, installHelp)
		}
		peers = append(peers, p)
	}
	return peers, nil
}

func startPeer(interpreter string) (*peer, error) {
	running, err := startProcess(exec.Command(interpreter, "-c", peerScript))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", interpreter, err)
	}
	p := &peer{process: running}
	if err := p.read(&p.versions); err != nil {
		p.stop()
		return nil, fmt.Errorf("%s: %w", interpreter, err)
	}
	return p, nil
}

func stopPeers(peers []*peer) {
	for _, p := range peers {
		p.stop()
	}
}

// prepared is what a peer found for a workload: its result, and the names of its
// formulations that agree on it, the documented one first. Others are ways to
// the same numbers that are no loss for training.
type prepared struct {
	Value, Norm      float64
	Variants, Others []string
}

func (p *peer) prepare(w workload, dir string) (prepared, error) {
	var reply prepared
	err := p.ask(map[string]any{
		"op": "prepare", "dir": dir, "rows": w.rows, "classes": w.classes,
		"dtype": w.dtype, "mode": w.mode, "threads": w.threads,
	}, &reply)
	if err == nil && len(reply.Variants) == 0 {
		err = errors.New("no formulation gives a usable number")
	}
	return reply, err
}

// contender times one formulation of the workload that was prepared last.
func (p *peer) contender(variant string) contender {
	return contender{variant, func(reps int) (time.Duration, error) {
		var reply struct{ Seconds float64 }
		err := p.ask(map[string]any{"op": "run", "variant": variant, "reps": reps}, &reply)
		return time.Duration(reply.Seconds * float64(time.Second)), err
	}}
}
