package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// report prints results for people and, given a directory, writes metrics.csv for
// programs. All figures are in nats an image.
type report struct {
	architecture
	stdout io.Writer
	file   *os.File // nil without a directory
	csv    *csv.Writer
}

// newReport creates dir and its metrics.csv at once, so that a directory that can't
// be written to is known before the training, not after.
func newReport(stdout io.Writer, dir string, a architecture) (*report, error) {
	r := &report{architecture: a, stdout: stdout}
	if dir == "" {
		return r, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, errors.Wrap(err, "output directory")
	}
	var err error
	if r.file, err = os.Create(filepath.Join(dir, "metrics.csv")); err != nil {
		return nil, errors.Wrap(err, "metrics")
	}
	r.csv = csv.NewWriter(r.file)
	return r, nil
}

func (r *report) start(train, test int, baseline float64) error {
	if r.csv != nil {
		header := []string{"epoch", "train_relaxed_neg_elbo",
			"test_neg_elbo", "test_reconstruction", "test_kl"}
		for i := 1; i <= r.latents; i++ {
			header = append(header, fmt.Sprintf("test_kl_%d", i))
		}
		if err := r.row(header); err != nil {
			return err
		}
	}
	return r.print("%d training and %d test images, pixels drawn as 0 or 1 with their brightness as probability\n"+
		"%d latents of %d classes, prior uniform\n"+
		"baseline %.2f nats (independent pixels with the training set's frequencies)\n",
		train, test, r.latents, r.classes, baseline)
}

func (r *report) epoch(epoch, epochs int, trained float64, tested evaluation) error {
	if r.csv != nil {
		row := []string{strconv.Itoa(epoch)}
		for _, v := range append([]float64{trained, tested.negELBO(), tested.reconstruction, tested.kl()}, tested.latentKL...) {
			row = append(row, strconv.FormatFloat(v, 'f', 4, 64))
		}
		if err := r.row(row); err != nil {
			return err
		}
	}
	latents := make([]string, len(tested.latentKL))
	for i, k := range tested.latentKL {
		latents[i] = fmt.Sprintf("%.2f", k)
	}
	return r.print("\nepoch %d/%d: training -ELBO %.2f nats (relaxed latents)\n"+
		"test -ELBO %.2f nats (reconstruction %.2f, KL %.2f)\n"+
		"KL of each latent, at most ln %d = %.2f: %s\n",
		epoch, epochs, trained, tested.negELBO(), tested.reconstruction, tested.kl(),
		r.classes, math.Log(float64(r.classes)), strings.Join(latents, " "))
}

func (r *report) print(format string, args ...any) error {
	_, err := fmt.Fprintf(r.stdout, format, args...)
	return errors.Wrap(err, "printing results")
}

// row writes through to the disk: an interrupted run keeps its finished epochs.
func (r *report) row(fields []string) error {
	if err := r.csv.Write(fields); err != nil {
		return errors.Wrap(err, "metrics")
	}
	r.csv.Flush()
	return errors.Wrap(r.csv.Error(), "metrics")
}

func (r *report) Close() error {
	if r.file == nil {
		return nil
	}
	return errors.Wrap(r.file.Close(), "metrics")
}
