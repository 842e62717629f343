// Command tutorial_example takes the steps of Gluon's tutorial on the
// Kullback–Leibler divergence with this module's KLDivLoss, prints its numbers
// beside Gluon's, and draws the tutorial's figure.
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

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit status.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("tutorial_example", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // the error is printed below, once
	out := flags.String("out", "tutorial.png", "`file` to draw the figure to, as PNG")
	err := parse(flags, args, out)
	if errors.Is(err, flag.ErrHelp) {
		flags.SetOutput(stdout)
		fmt.Fprintln(stdout, "usage: tutorial_example [-out file]")
		flags.PrintDefaults()
		return 0
	}
	if err != nil {
		fmt.Fprintf(stderr, "tutorial_example: %v (-h lists the flags)\n", err)
		return exitUsage
	}
	if err := tutorial(stdout, *out); err != nil {
		fmt.Fprintf(stderr, "tutorial_example: %v\n", err)
		return exitFailure
	}
	return 0
}

func parse(flags *flag.FlagSet, args []string, out *string) error {
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return errors.Errorf("unexpected argument %q", strings.Join(flags.Args(), " "))
	case *out == "":
		return errors.New("-out is empty, expected a file")
	}
	return nil
}

// tutorial prints every step to w and draws the figure to path.
func tutorial(w io.Writer, path string) error {
	steps, err := takeSteps()
	if err != nil {
		return err
	}
	if err := printTable(w, steps); err != nil {
		return errors.WithMessage(err, "printing the numbers")
	}
	if err := drawFigure(path); err != nil {
		return errors.WithMessage(err, "drawing the figure")
	}
	_, err = fmt.Fprintf(w, "\nDistributions 1 to 3 are drawn in %s\n", path)
	return err
}
