// Command vae_example trains a variational autoencoder with categorical latents on
// Fashion-MNIST. The KL term of its ELBO, KL(q(z|x) ‖ uniform), is a KLDivLoss whose
// target is the posterior's logits.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/pkg/errors"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

// options are the command's flags.
type options struct {
	data   string
	epochs int
	limit  int
	seed   uint64
	out    string
}

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	o, flags, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		usage(flags, stdout)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "vae_example: %v (-h lists the flags)\n", err)
		return exitUsage
	}
	if err := experiment(o, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "vae_example: %v\n", err)
		return exitFailure
	}
	return 0
}

func parse(args []string) (options, *flag.FlagSet, error) {
	var o options
	flags := flag.NewFlagSet("vae_example", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints the error, once
	flags.StringVar(&o.data, "data", "",
		"`directory` with the IDX files "+trainImages+" and "+testImages+",\n"+
			"plain or .gz (default: the embedded 10,000 + 2,000 images of Fashion-MNIST)")
	flags.IntVar(&o.epochs, "epochs", 8, "how many times to go through the training images")
	flags.IntVar(&o.limit, "limit", 0, "train on the first `images` only, 0 for all")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the weights and of the training's randomness")
	flags.StringVar(&o.out, "out", "",
		"`directory` for metrics.csv, reconstructions.png and samples.png (default: write nothing)")
	if err := flags.Parse(args); err != nil {
		return o, flags, err
	}
	return o, flags, check(o, flags.Args())
}

func check(o options, rest []string) error {
	switch {
	case len(rest) > 0:
		return errors.Errorf("unexpected argument %q", strings.Join(rest, " "))
	case o.epochs < 1:
		return errors.Errorf("-epochs %d, expected at least 1", o.epochs)
	case o.limit < 0:
		return errors.Errorf("-limit %d, expected 0 (all images) or more", o.limit)
	case o.limit > 0 && o.limit < batchSize:
		return errors.Errorf("-limit %d, expected at least one batch of %d images", o.limit, batchSize)
	}
	return nil
}

func usage(flags *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, "Usage: vae_example [flags]\n\n"+
		"Trains a variational autoencoder with categorical latents and prints the test\n"+
		"-ELBO in nats an image after each epoch.\n\n")
	flags.SetOutput(w)
	flags.PrintDefaults()
}
