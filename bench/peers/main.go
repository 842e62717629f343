// Command peers measures KLDivLoss against PyTorch and against the same loss
// composed of Gorgonia's primitives, in alternation, and writes the page
// docs/PERFORMANCE.md.
//
//	go run ./bench/peers
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

type options struct {
	out, python string
	only        string
	part        string // to measure for another process, see apart
	rounds      int
	threads     []int
	serve       bool // a contender to another process, see serve
	quick       bool
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.StringVar(&o.out, "out", "docs/PERFORMANCE.md", "the page to write")
	flags.StringVar(&o.python, "python", "", "Python interpreters with PyTorch, separated by commas; targets are judged by the first (default python3, or /usr/bin/python3)")
	flags.StringVar(&o.only, "only", "", "measure the sections whose title has this in it, and write them to standard output")
	flags.StringVar(&o.part, "part", "", "measure the section of this title and pass on the findings, from standard input to standard output: peers starts itself so")
	flags.BoolVar(&o.serve, "serve", false, "run one contender for another process: peers starts itself so")
	flags.IntVar(&o.rounds, "rounds", 11, "timings of each contender")
	flags.BoolVar(&o.quick, "quick", false, "a few small cases in three rounds, to see that it works")
	threads := flags.String("threads", "1,2", "numbers of threads")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	for _, field := range strings.Split(*threads, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-threads is %q, expected positive numbers separated by commas", *threads)
		}
		o.threads = append(o.threads, n)
	}
	if o.quick {
		o.rounds = min(o.rounds, 3)
	}
	if o.rounds < 1 {
		return o, fmt.Errorf("-rounds is %d, expected at least 1", o.rounds)
	}
	return o, nil
}

func run(args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	if o.serve {
		return serve(os.Stdin, os.Stdout)
	}
	peers, err := startPeers(o.python)
	if err != nil {
		return err
	}
	defer stopPeers(peers)

	if err := os.MkdirAll(filepath.Dir(o.out), 0o755); err != nil {
		return err
	}
	report := newReport("go run ./bench/peers "+strings.Join(args, " "), peers)
	switch {
	case o.part != "":
		if err := json.NewDecoder(os.Stdin).Decode(&report.findings); err != nil {
			return err
		}
		if err := report.measure(o, func(title string) bool { return title == o.part }); err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(report.findings)
	case o.only != "":
		if err := report.measure(o, func(title string) bool { return strings.Contains(title, o.only) }); err != nil {
			return err
		}
		_, err := os.Stdout.Write(report.finish())
		return err
	}
	for _, title := range titles(o) {
		if err := report.apart(args, title); err != nil {
			return fmt.Errorf("%s: %w", title, err)
		}
	}
	return os.WriteFile(o.out, report.finish(), 0o644)
}
