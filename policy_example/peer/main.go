// Command peer measures what CartPole's training costs here and in PyTorch, in CPU
// seconds on one thread: policy_example and its twin trpo.py, one after the other.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/kldivloss/kldivloss/internal/twin"
	"github.com/pkg/errors"
)

//go:embed trpo.py
var script []byte

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
	version, err := twin.Torch(python)
	if err != nil {
		return err
	}
	ours, theirs, remove, err := twin.Place("github.com/kldivloss/kldivloss/policy_example", "", script)
	if err != nil {
		return err
	}
	defer remove()
	fmt.Fprintf(w, "CartPole-v1, %d steps, float32, one thread; torch %s\n", steps, version)
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

// measure runs one training. PyTorch's counts its own time, without that of importing
// torch and of evaluating; ours is the whole process with all it does.
func measure(c *exec.Cmd) (seconds float64, evaluation string, err error) {
	seconds, text, err := twin.Measure(c)
	if err != nil {
		return 0, "", err
	}
	at := strings.Index(text, "evaluation: ")
	if at < 0 {
		return 0, "", errors.Errorf("no evaluation in what %s printed: %q", c.Path, text)
	}
	return seconds, strings.TrimSpace(text[at:]), nil
}
