package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/kldivloss/kldivloss/internal/atomicfile"
)

// printStart says what is trained on what.
func printStart(w io.Writer, p plan, set dataset, v *vae[float32]) error {
	pixels := "pixels drawn as 0 or 1 with their brightness as probability"
	if !v.Binarise {
		pixels = "pixels from 0 to 1"
	}
	latents := fmt.Sprintf("%d latents, prior standard normal", v.Latents)
	if v.Latent == categoricalName {
		latents = fmt.Sprintf("%d latents of %d classes, prior uniform", v.Latents, v.Classes)
	}
	return printf(w, "data: %s\n%d training and %d test images, %s\n%s; %d parameters\n"+
		"baseline %.2f nats (independent pixels with the training set's frequencies)\n",
		set.names, set.train.count(), set.test.count(), pixels, latents, len(v.theta), baseline(set.train, set.test))
}

func printEpoch(w io.Writer, epoch, epochs int, r record, s settings) error {
	relaxed := ""
	most := ""
	if s.Latent == categoricalName {
		relaxed = ", relaxed latents"
		most = fmt.Sprintf(", at most ln %d = %.2f", s.Classes, math.Log(float64(s.Classes)))
	}
	latents := make([]string, len(r.Tested.LatentKL))
	for i, k := range r.Tested.LatentKL {
		latents[i] = fmt.Sprintf("%.2f", k)
	}
	return printf(w, "\nepoch %d/%d: training −ELBO %.2f nats (reconstruction %.2f, KL %.2f%s)\n"+
		"test −ELBO %.2f nats (reconstruction %.2f, KL %.2f)\n"+
		"KL of each latent%s: %s\n",
		epoch, epochs, r.Trained.Negative(), r.Trained.Reconstruction, r.Trained.KL, relaxed,
		r.Tested.Negative(), r.Tested.Reconstruction, r.Tested.KL,
		most, strings.Join(latents, " "))
}

// writeMetrics writes a row an epoch, in nats an image.
func writeMetrics(path string, history []record, s settings) error {
	header := []string{"epoch", "train_neg_elbo", "train_reconstruction", "train_kl", "test_neg_elbo", "test_reconstruction", "test_kl"}
	for i := 1; i <= s.Latents; i++ {
		header = append(header, fmt.Sprintf("test_kl_%d", i))
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		table := csv.NewWriter(w)
		if err := table.Write(header); err != nil {
			return err
		}
		for i, r := range history {
			row := []string{strconv.Itoa(i + 1)}
			for _, v := range append([]float64{
				r.Trained.Negative(), r.Trained.Reconstruction, r.Trained.KL,
				r.Tested.Negative(), r.Tested.Reconstruction, r.Tested.KL,
			}, r.Tested.LatentKL...) {
				row = append(row, strconv.FormatFloat(v, 'f', 4, 64))
			}
			if err := table.Write(row); err != nil {
				return err
			}
		}
		table.Flush()
		return table.Error()
	})
}
