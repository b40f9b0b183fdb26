package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	beHelper()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	if err := runBench(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// beHelper does the work of a process that bench has started of itself, and ends it. In any other
// process it returns.
func beHelper() {
	if len(os.Args) < 3 {
		return
	}
	switch os.Args[1] {
	case launchFlag:
		os.Exit(launch(os.Args[2:]))
	case dayFlag:
		os.Exit(simulateDay(os.Args[2]))
	case aloneFlag:
		if len(os.Args) <= 5 {
			return
		}
		if err := alone(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// options are the values from the command line.
type options struct {
	binary, dir, cases string
	plot, plotYear     string
	size               float64
	rounds             int
	quick, markdown    bool
}

func parse(args []string) (*options, error) {
	var o options
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.binary, "binary", "bin/timemachine", "the program to measure")
	f.StringVar(&o.dir, "dir", os.TempDir(), "make the trees and repositories in a new folder in `DIR`, which must be on a disk")
	f.StringVar(&o.cases, "cases", "", "run these `CASES` only, separated by commas: "+strings.Join(caseNames(), ", "))
	f.StringVar(&o.plot, "plot", "", "draw the case years in `FILE`, as an SVG")
	f.StringVar(&o.plotYear, "plot-year", "", "draw the case year in `FILE`, as an SVG")
	f.Float64Var(&o.size, "size", 1, "`FACTOR` of all counts and sizes; limits in bytes are judged at 1 only")
	f.IntVar(&o.rounds, "rounds", 0, "rounds of each comparison; 0: 3 of first runs, 9 of later ones")
	f.BoolVar(&o.quick, "quick", false, "a tenth of everything, unless -size says otherwise")
	f.BoolVar(&o.markdown, "markdown", false, "print the table as Markdown")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	sized := false
	f.Visit(func(x *flag.Flag) { sized = sized || x.Name == "size" })
	if o.quick && !sized {
		o.size = 0.1
	}
	if f.NArg() > 0 || o.size <= 0 || o.rounds < 0 {
		return nil, errors.New("usage: bench [-binary FILE] [-dir DIR] [-cases NAMES] [-size FACTOR] [-rounds N] [-quick] [-markdown] [-plot FILE] [-plot-year FILE]")
	}
	var err error
	if o.binary, err = filepath.Abs(o.binary); err != nil {
		return nil, err
	}
	for _, file := range []*string{&o.plot, &o.plotYear} {
		if *file == "" {
			continue
		}
		if *file, err = filepath.Abs(*file); err != nil {
			return nil, err
		}
	}
	o.dir, err = filepath.Abs(o.dir)
	return &o, err
}

func runBench(ctx context.Context, args []string) (err error) {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	chosen, err := chosenCases(o.cases)
	if err != nil {
		return err
	}
	for _, need := range []string{o.binary, "git", "find"} {
		if _, err := exec.LookPath(need); err != nil {
			return err
		}
	}
	kind, memory, err := fileSystem(o.dir)
	if err != nil {
		return err
	}
	if memory {
		return fmt.Errorf("%q is on %s, not on a disk: give -dir a folder that is", o.dir, kind)
	}
	dir, err := os.MkdirTemp(o.dir, "timemachine-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b, err := newBench(ctx, o, dir)
	if err != nil {
		return err
	}
	// The table is printed after an error, too, as far as it got.
	defer func() { b.print(os.Stdout, conditions(b, kind), o.markdown) }()
	for _, c := range chosen {
		if err := b.runCase(c); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}
