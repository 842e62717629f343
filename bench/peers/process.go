package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// process answers each line of JSON with one. It sleeps on its standard input while it has
// nothing to do.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Scanner
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd}
	p.cmd.Stderr = os.Stderr
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdout = bufio.NewScanner(stdout)
	return p, p.cmd.Start()
}

// stop ends the process; its exit status no longer matters.
func (p *process) stop() {
	_ = p.stdin.Close()
	_ = p.cmd.Wait()
}

// read parses the next line, which may be an error of the peer's.
func (p *process) read(reply any) error {
	if !p.stdout.Scan() {
		if err := p.stdout.Err(); err != nil {
			return err
		}
		return errors.New("the process ended")
	}
	var failure struct{ Error string }
	if err := json.Unmarshal(p.stdout.Bytes(), &failure); err != nil {
		return fmt.Errorf("unexpected line %q: %w", p.stdout.Text(), err)
	}
	if failure.Error != "" {
		return errors.New(failure.Error)
	}
	return json.Unmarshal(p.stdout.Bytes(), reply)
}

func (p *process) ask(request, reply any) error {
	line, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := p.stdin.Write(append(line, '\n')); err != nil {
		return err
	}
	return p.read(reply)
}
