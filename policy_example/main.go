// Command policy_example trains policies by Trust Region Policy Optimization. The
// distance of its trust region is a KLDivLoss, and the Fisher information that its
// natural gradient needs is the second derivative of that node.
package main

import (
	"flag"
	"fmt"
	"io"
	"math"
	"os"
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
	task   task
	seed   uint64
	seeds  int
	steps  int
	delta  float64 // 0 for the task's own
	out    string
	resume bool
}

func main() {
	// Gorgonia allocates the result of every operation anew: collecting that less often
	// saves a sixth of the time. The limit holds where many seeds need much memory.
	debug.SetGCPercent(800)
	debug.SetMemoryLimit(1 << 30)
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
		fmt.Fprintf(stderr, "policy_example: %v (-h lists the flags)\n", err)
		return exitUsage
	}
	if err := experiment(o, stdout, stderr); err != nil {
		fmt.Fprintf(stderr, "policy_example: %v\n", err)
		return exitFailure
	}
	return 0
}

func parse(args []string) (options, *flag.FlagSet, error) {
	var o options
	var env string
	flags := flag.NewFlagSet("policy_example", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints the error, once
	flags.StringVar(&env, "env", tasks[0].name, "`task`: "+taskNames())
	flags.Uint64Var(&o.seed, "seed", 0, "seed of all randomness")
	flags.IntVar(&o.seeds, "seeds", 1, "how many policies to train, from -seed, -seed+1, …, one a core at a time")
	flags.IntVar(&o.steps, "steps", 100_000, "how many `steps` to train each, in all its environments together")
	flags.Float64Var(&o.delta, "delta", 0, "KL `radius` of the first update, in nats (default: the task's own)")
	flags.StringVar(&o.out, "out", "",
		"`directory` for index.html, its pictures, progress.csv and checkpoints\n(default: write nothing)")
	flags.BoolVar(&o.resume, "resume", false, "go on from the checkpoints in -out")
	if err := flags.Parse(args); err != nil {
		return o, flags, err
	}
	given := make(map[string]bool)
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var err error
	if o.task, err = taskNamed(env); err != nil {
		return o, flags, err
	}
	return o, flags, check(o, flags.Args(), given)
}

func check(o options, rest []string, given map[string]bool) error {
	samples := o.task.settings.samples()
	switch {
	case len(rest) > 0:
		return errors.Errorf("unexpected argument %q", strings.Join(rest, " "))
	case o.seeds < 1:
		return errors.Errorf("-seeds %d, expected at least 1", o.seeds)
	case o.seed > math.MaxUint64-uint64(o.seeds-1):
		return errors.Errorf("-seed %d and -seeds %d, expected seeds up to %d", o.seed, o.seeds, uint64(math.MaxUint64))
	case o.steps < samples:
		return errors.Errorf("-steps %d, expected at least one rollout of %d", o.steps, samples)
	case given["delta"] && !(o.delta > 0 && o.delta <= math.MaxFloat64):
		return errors.Errorf("-delta %v, expected a positive number", o.delta)
	case given["out"] && o.out == "":
		return errors.New("-out is empty, expected a directory")
	case o.resume && o.out == "":
		return errors.New("-resume without -out, expected the directory that holds the checkpoints")
	}
	return nil
}

// taskNamed finds a task by its name, the version of which may be left out.
func taskNamed(name string) (task, error) {
	for _, t := range tasks {
		short, _, _ := strings.Cut(t.name, "-")
		if strings.EqualFold(name, t.name) || strings.EqualFold(name, short) {
			return t, nil
		}
	}
	return task{}, errors.Errorf("-env %q, expected one of %s", name, taskNames())
}

func taskNames() string {
	names := make([]string, len(tasks))
	for i, t := range tasks {
		names[i] = t.name
	}
	return strings.Join(names, ", ")
}

func usage(flags *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, "Usage: policy_example [flags]\n\n"+
		"Trains a policy by Trust Region Policy Optimization and prints its return over\n"+
		"fresh episodes.\n\n")
	flags.SetOutput(w)
	flags.PrintDefaults()
}
