package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime/debug"
	"time"
)

// The contenders in Go have a process each, as PyTorch has: what one leaves of Go's heap is
// given back to the system bit by bit, and the results of the next wait for pages meanwhile.

// order names a contender and its workload for another process.
type order struct {
	Contender     string
	Rows, Classes int
	DType         string
	Mode          mode
	Threads       int
}

// The contenders in Go.
const (
	oursName     = "ours"
	composedName = "composed"
	cachedName   = "kernels in cache"
	kernelsName  = "kernels"
	idleName     = "an idle graph"
	calledName   = "kernels in a graph"
	memoryName   = "memory"
)

// contender makes what was ordered, and checks it where it computes the loss.
func (o order) contender() (contender, result, error) {
	w := workload{o.Rows, o.Classes, o.DType, o.Mode, o.Threads}
	build := map[string]builder{oursName: ours, composedName: composed, idleName: idle, calledName: called}[o.Contender]
	switch {
	case o.Contender == cachedName:
		cached := w.inCache()
		return onThreads(w.threads, func() contender { return kernelContender(o.Contender, cached, newData(cached)) }), result{}, nil
	case o.Contender == kernelsName:
		return kernelContender(o.Contender, w, newData(w)), result{}, nil
	case o.Contender == memoryName:
		share := w
		share.rows = max(1, w.rows/w.threads)
		return onThreads(w.threads, func() contender { return stream(share) }), result{}, nil
	case build == nil:
		return contender{}, result{}, fmt.Errorf("no contender has the name %q", o.Contender)
	}
	d := newData(w)
	var checked result
	var err error
	if o.Contender == oursName || o.Contender == composedName {
		if checked, err = build.check(w, d); err != nil {
			return contender{}, checked, err
		}
	}
	m, err := build.machine(w, d)
	debug.FreeOSMemory()
	return m.contender(o.Contender), checked, err
}

// turn asks for repetitions, and timing says what they took.
type (
	turn   struct{ Reps int }
	timing struct{ Seconds float64 }
)

// remote is a contender in a process of its own.
type remote struct {
	*process
	name   string
	result result // where the contender is a program
}

func startRemote(name string, w workload) (*remote, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	running, err := startProcess(exec.Command(self, "-serve"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r := &remote{process: running, name: name}
	if err := r.ask(order{name, w.rows, w.classes, w.dtype, w.mode, w.threads}, &r.result); err != nil {
		r.stop()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return r, nil
}

func (r *remote) contender() contender {
	return contender{r.name, func(reps int) (time.Duration, error) {
		var reply timing
		err := r.ask(turn{reps}, &reply)
		return time.Duration(reply.Seconds * float64(time.Second)), err
	}}
}

// serve is the other process: it makes the contender that is ordered first, then runs it
// as often as it is asked to.
func serve(in io.Reader, out io.Writer) error {
	requests, replies := json.NewDecoder(in), json.NewEncoder(out)
	var o order
	if err := requests.Decode(&o); err != nil {
		return err
	}
	defer useThreads(o.Threads)()
	c, result, err := o.contender()
	if err != nil {
		return replies.Encode(map[string]string{"Error": err.Error()})
	}
	if err := replies.Encode(result); err != nil {
		return err
	}
	for {
		var asked turn
		switch err := requests.Decode(&asked); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
		elapsed, err := c.run(asked.Reps)
		if err != nil {
			return replies.Encode(map[string]string{"Error": err.Error()})
		}
		if err := replies.Encode(timing{elapsed.Seconds()}); err != nil {
			return err
		}
	}
}
