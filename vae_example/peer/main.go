// Command peer measures what an epoch of a categorical VAE costs here and in PyTorch, in
// CPU seconds on one thread: vae_example and its twin vae.py, one after the other.
package main

import (
	_ "embed"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"

	"github.com/kldivloss/kldivloss/internal/twin"
	"github.com/pkg/errors"
)

//go:embed vae.py
var script []byte

func main() {
	python := flag.String("python", "/usr/bin/python3", "`interpreter` with torch, as in Debian's python3-torch")
	data := flag.String("data", "", "`directory` with MNIST or Fashion-MNIST in IDX format, such as /usr/share/datasets/fashion-mnist of Debian's dataset-fashion-mnist")
	epochs := flag.Int("epochs", 2, "how many `epochs` to train")
	tags := flag.String("tags", "", "build `tags` of vae_example: openblas, or none")
	flag.Parse()
	if err := compare(os.Stdout, *python, *data, *tags, *epochs); err != nil {
		fmt.Fprintf(os.Stderr, "peer: %v\n", err)
		os.Exit(1)
	}
}

func compare(w io.Writer, python, data, tags string, epochs int) error {
	switch {
	case epochs < 1:
		return errors.Errorf("-epochs %d, expected at least 1", epochs)
	case data == "":
		return errors.New("-data is empty, expected a directory with a data set in IDX format")
	}
	version, err := twin.Torch(python)
	if err != nil {
		return err
	}
	ours, theirs, remove, err := twin.Place("github.com/kldivloss/kldivloss/vae_example", tags, script)
	if err != nil {
		return err
	}
	defer remove()
	fmt.Fprintf(w, "%s, %d epochs, float32, one thread; torch %s\n", data, epochs, version)
	n := strconv.Itoa(epochs)
	var seconds [2]float64
	for i, command := range []*exec.Cmd{
		exec.Command(ours, "-data", data, "-epochs", n),
		exec.Command(python, theirs, "--data", data, "--epochs", n),
	} {
		negELBO, err := measure(command, &seconds[i])
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%-11s %5.1f CPU seconds an epoch, test −ELBO %s nats\n", names[i], seconds[i]/float64(epochs), negELBO)
	}
	fmt.Fprintf(w, "%s needs %.2f of the CPU time of %s\n", names[0], seconds[0]/seconds[1], names[1])
	return nil
}

var names = [2]string{"vae_example", "PyTorch"}

var testLine = regexp.MustCompile(`(?m)^test −ELBO ([0-9.]+) nats`)

// measure runs one training and returns its last test −ELBO. PyTorch's counts the
// training only; ours is the whole process, with reading the data and evaluating.
func measure(c *exec.Cmd, seconds *float64) (negELBO string, err error) {
	took, printed, err := twin.Measure(c)
	if err != nil {
		return "", err
	}
	lines := testLine.FindAllStringSubmatch(printed, -1)
	if len(lines) == 0 {
		return "", errors.Errorf("no test −ELBO in what %s printed: %q", c.Path, printed)
	}
	*seconds = took
	return lines[len(lines)-1][1], nil
}
