// Command peer measures what CartPole's training costs here and in PyTorch, in CPU
// seconds on one thread: policy_example and its twin trpo.py, one after the other.
package main

import (
	"bytes"
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

//go:embed trpo.py
var twin []byte

func main() {
	python := flag.String("python", "/usr/bin/python3", "`interpreter` with torch, as in Debian's python3-torch")
	steps := flag.Int("steps", 100_000, "how many `steps` to train")
	seeds := flag.Int("seeds", 1, "how many seeds, from 0")
	flag.Parse()
	if err := compare(os.Stdout, *python, *steps, *seeds); err != nil {
		fmt.Fprintf(os.Stderr, "peer: %v\n", err)
		os.Exit(1)
	}
}

func compare(w io.Writer, python string, steps, seeds int) error {
	if seeds < 1 {
		return errors.Errorf("-seeds %d, expected at least 1", seeds)
	}
	version, err := output(exec.Command(python, "-c", "import torch; print(torch.__version__)"))
	if err != nil {
		return errors.WithMessagef(err, "%s has no torch; install Debian's python3-torch, or name an interpreter that has it with -python", python)
	}
	dir, err := os.MkdirTemp("", "policy_example")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ours, theirs := filepath.Join(dir, "policy_example"), filepath.Join(dir, "trpo.py")
	if _, err := output(exec.Command("go", "build", "-o", ours, "github.com/kldivloss/kldivloss/policy_example")); err != nil {
		return err
	}
	if err := os.WriteFile(theirs, twin, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(w, "CartPole-v1, %d steps, float32, one thread; torch %s", steps, version)
	var sums [2]float64
	for seed := range seeds {
		n, s := strconv.Itoa(steps), strconv.Itoa(seed)
		for i, command := range []*exec.Cmd{
			exec.Command(ours, "-steps", n, "-seed", s),
			exec.Command(python, theirs, "--steps", n, "--seed", s),
		} {
			seconds, evaluation, err := measure(command)
			if err != nil {
				return err
			}
			sums[i] += seconds
			fmt.Fprintf(w, "seed %d, %-14s %5.1f CPU seconds, %s\n", seed, names[i], seconds, evaluation)
		}
	}
	fmt.Fprintf(w, "%s needs %.2f of the CPU time of %s\n", names[0], sums[0]/sums[1], names[1])
	return nil
}

var names = [2]string{"policy_example", "PyTorch"}

var trainingLine = regexp.MustCompile(`training: ([0-9.]+) CPU seconds`)

// measure runs one training. PyTorch's counts its own time, without that of importing
// torch and of evaluating; ours is the whole process with all it does.
func measure(c *exec.Cmd) (seconds float64, evaluation string, err error) {
	c.Env = append(os.Environ(), "GOMAXPROCS=1", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	text, err := output(c)
	if err != nil {
		return 0, "", err
	}
	seconds = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	if own := trainingLine.FindStringSubmatch(text); own != nil {
		if seconds, err = strconv.ParseFloat(own[1], 64); err != nil {
			return 0, "", errors.Wrap(err, "training time")
		}
	}
	at := strings.Index(text, "evaluation: ")
	if at < 0 {
		return 0, "", errors.Errorf("no evaluation in what %s printed: %q", c.Path, text)
	}
	return seconds, strings.TrimSpace(text[at:]), nil
}

// output is what a command prints; what it complains of is in the error.
func output(c *exec.Cmd) (string, error) {
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err := c.Output()
	if err != nil {
		return "", errors.Wrapf(err, "%s: %s", filepath.Base(c.Path), lastLine(complaints.String()))
	}
	return string(out), nil
}

func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return lines[len(lines)-1]
}
