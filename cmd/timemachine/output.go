package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
)

// paged runs show with a writer to standard output, which goes through the user's pager on a
// terminal.
func (a *app) paged(ctx context.Context, show func(w io.Writer) error) error {
	if a.stdoutTerminal && !a.flags.json {
		if command := terminal.PagerCommand(a.lookup); command != "" {
			return a.throughPager(ctx, command, show)
		}
	}
	w := bufio.NewWriterSize(a.stdout, 64<<10)
	err := show(w)
	if ferr := w.Flush(); err == nil {
		err = ferr
	}
	return err
}

func (a *app) throughPager(ctx context.Context, command string, show func(w io.Writer) error) error {
	p, err := terminal.StartPager(command, append(os.Environ(), terminal.PagerSettings(a.lookup)...), a.stdout, a.stderr)
	if err != nil {
		return &failure{msg: "pager " + terminal.Quote(command) + ": " + durable.Reason(err), hint: "PAGER=cat does without", err: err}
	}
	return p.Show(ctx, show)
}

// colours tells whether results may be coloured.
func (a *app) colours() bool { return a.stdoutTerminal && !a.flags.json && a.mayColour() }

// mayColour tells whether the user allows colours on a terminal.
func (a *app) mayColour() bool {
	return !a.flags.noColor && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
}

// print writes one line of results to standard output.
func (a *app) print(text string) error {
	_, err := fmt.Fprintln(a.stdout, text)
	return err
}

// printJSON writes one document of results to standard output.
func (a *app) printJSON(document any) error { return render.WriteJSON(a.stdout, document) }

// printJSONLine writes one line of JSON to standard output.
func (a *app) printJSONLine(document any) error { return render.WriteJSONLine(a.stdout, document) }

// printLines writes lines of results to standard output.
func (a *app) printLines(lines []string) error {
	var errs []error
	for _, line := range lines {
		errs = append(errs, a.print(line))
	}
	return errors.Join(errs...)
}
