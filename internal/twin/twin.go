// Package twin measures a program against the same in PyTorch.
package twin

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// Torch returns the version of torch that a Python interpreter has.
func Torch(python string) (string, error) {
	version, err := Output(exec.Command(python, "-c", "import torch; print(torch.__version__)"))
	return strings.TrimSpace(version), errors.WithMessagef(err, "%s has no torch; install Debian's python3-torch, or name an interpreter that has it with -python", python)
}

// Place builds a Go command with build tags and writes a script into a new directory,
// which remove removes.
func Place(command, tags string, script []byte) (goProgram, pythonProgram string, remove func(), err error) {
	dir, err := os.MkdirTemp("", "twin")
	if err != nil {
		return "", "", nil, err
	}
	remove = func() { os.RemoveAll(dir) }
	goProgram, pythonProgram = filepath.Join(dir, filepath.Base(command)), filepath.Join(dir, "twin.py")
	if _, err = Output(exec.Command("go", "build", "-tags", tags, "-o", goProgram, command)); err == nil {
		err = os.WriteFile(pythonProgram, script, 0o644)
	}
	if err != nil {
		remove()
		return "", "", nil, err
	}
	return goProgram, pythonProgram, remove, nil
}

var trainingLine = regexp.MustCompile(`training: ([0-9.]+) CPU seconds`)

// Measure runs one training on one thread. A program that prints how much CPU time its
// training took is believed; of others the whole process counts.
func Measure(c *exec.Cmd) (seconds float64, printed string, err error) {
	c.Env = append(os.Environ(), "GOMAXPROCS=1", "OMP_NUM_THREADS=1", "MKL_NUM_THREADS=1", "OPENBLAS_NUM_THREADS=1")
	printed, err = Output(c)
	if err != nil {
		return 0, "", err
	}
	seconds = (c.ProcessState.UserTime() + c.ProcessState.SystemTime()).Seconds()
	if own := trainingLine.FindStringSubmatch(printed); own != nil {
		seconds, err = strconv.ParseFloat(own[1], 64)
	}
	return seconds, printed, errors.Wrap(err, "training time")
}

// Output is what a command prints; what it complains of last is in the error.
func Output(c *exec.Cmd) (string, error) {
	var complaints bytes.Buffer
	c.Stderr = &complaints
	out, err := c.Output()
	if err != nil {
		lines := strings.Split(strings.TrimSpace(complaints.String()), "\n")
		return "", errors.Wrapf(err, "%s: %s", filepath.Base(c.Path), lines[len(lines)-1])
	}
	return string(out), nil
}
