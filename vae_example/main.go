// Command vae_example trains a variational autoencoder with categorical latents on
// Fashion-MNIST. The KL term of its ELBO, KL(q(z|x) ‖ uniform), is a KLDivLoss whose
// target is the posterior's logits.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"

	"github.com/pkg/errors"
)

const (
	exitFailure = 1
	exitUsage   = 2
)

// options are the command's flags.
type options struct {
	settings settings // of -latent
	data     string
	epochs   int
	limit    int
	holdout  int
	seed     uint64
	bound    int
	out      string
	resume   bool
}

func main() {
	// Gorgonia allocates the result of every operation anew: collecting that less often
	// saves a tenth of the time. The limit keeps the process below 400 MB.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(300 << 20)
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	os.Exit(runCommand(os.Args[1:], os.Stdout, os.Stderr, interrupted))
}

// runCommand is main without the process: it returns the exit status.
func runCommand(args []string, stdout, stderr io.Writer, interrupted <-chan os.Signal) int {
	o, flags, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		usage(flags, stdout)
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "vae_example: %v (-h lists the flags)\n", err)
		return exitUsage
	}
	if err := experiment(o, stdout, stderr, interrupted); err != nil {
		fmt.Fprintf(stderr, "vae_example: %v\n", err)
		return exitFailure
	}
	return 0
}

func parse(args []string) (options, *flag.FlagSet, error) {
	var o options
	var latent string
	flags := flag.NewFlagSet("vae_example", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints the error, once
	flags.StringVar(&o.data, "data", "",
		"`directory` with the IDX files "+trainImages+" and "+testImages+",\n"+
			"plain or .gz (default: the embedded 10,000 + 2,000 images of Fashion-MNIST)")
	flags.IntVar(&o.epochs, "epochs", 8, "how many times to go through the training images")
	flags.StringVar(&latent, "latent", categoricalName, "`kind` of the latent variables: categorical or gaussian")
	flags.IntVar(&o.holdout, "holdout", 0, "test on the last `images` of the training set, which are not trained on, 0 for the test set")
	flags.IntVar(&o.bound, "bound", 0, "after the training, bound −ln p(x) with so many `samples` an image, 0 for none")
	flags.BoolVar(&o.resume, "resume", false, "go on from the checkpoint in -out")
	flags.IntVar(&o.limit, "limit", 0, "train on the first `images` only, 0 for all")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the weights and of the training's randomness")
	flags.StringVar(&o.out, "out", "",
		"`directory` for index.html, its pictures, metrics.csv and a checkpoint (default: write nothing)")
	if err := flags.Parse(args); err != nil {
		return o, flags, err
	}
	var known bool
	if o.settings, known = models[latent]; !known {
		return o, flags, errors.Errorf("-latent %q, expected %s or %s", latent, categoricalName, gaussianName)
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
	case o.limit > 0 && o.limit < o.settings.Batch:
		return errors.Errorf("-limit %d, expected at least one batch of %d images", o.limit, o.settings.Batch)
	case o.holdout < 0:
		return errors.Errorf("-holdout %d, expected 0 (the test set) or more", o.holdout)
	case o.bound < 0:
		return errors.Errorf("-bound %d, expected 0 (none) or more", o.bound)
	case o.resume && o.out == "":
		return errors.New("-resume without -out, expected the directory that holds the checkpoint")
	}
	return nil
}

func usage(flags *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, "Usage: vae_example [flags]\n\n"+
		"Trains a variational autoencoder and prints the test\n"+
		"−ELBO in nats an image after each epoch.\n\n")
	flags.SetOutput(w)
	flags.PrintDefaults()
}
