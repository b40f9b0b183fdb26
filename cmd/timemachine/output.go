package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
)

// paged runs show with a writer to standard output, which goes through the user's pager on a
// terminal. As with git, the results are printed without a pager that is not there.
func (a *app) paged(ctx context.Context, show func(w io.Writer) error) error {
	if a.stdoutTerminal && !a.flags.json {
		if command := terminal.PagerCommand(a.lookup); command != "" {
			err := terminal.MissingPager(command)
			if err == nil {
				return a.throughPager(ctx, command, show)
			}
			a.console.Warn("pager "+terminal.Quote(command)+" cannot be run", "cause", durable.Reason(err))
		}
	}
	w := bufio.NewWriterSize(a.stdout, 64<<10)
	err := show(w)
	if ferr := w.Flush(); err == nil {
		err = outputError(ferr)
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
	return outputError(err)
}

// say writes one line of results that is a sentence. On a terminal it is folded to the width of
// that, and what follows its first hang columns stands below them.
func (a *app) say(text string, hang int) error {
	text = terminal.UsageInCharset(text)
	if !a.stdoutTerminal {
		return a.print(text)
	}
	return a.printLines(terminal.Fold(text, a.terminalColumns(), hang, a.spelled.Commands()))
}

// sayLines is say for lines that hang by two columns.
func (a *app) sayLines(lines []string) error {
	for _, line := range lines {
		if err := a.say(line, 2); err != nil {
			return err
		}
	}
	return nil
}

// outputError says that results could not be written; nil stays nil.
func outputError(err error) error {
	if err == nil {
		return nil
	}
	return &failure{msg: "standard output cannot be written: " + durable.Reason(err), err: err}
}

// printJSON writes one document of results to standard output.
func (a *app) printJSON(document any) error { return outputError(render.WriteJSON(a.stdout, document)) }

// printJSONLine writes one line of JSON to standard output.
func (a *app) printJSONLine(document any) error {
	return outputError(render.WriteJSONLine(a.stdout, document))
}

// printLines writes lines of results to standard output.
func (a *app) printLines(lines []string) error {
	for _, line := range lines {
		if err := a.print(line); err != nil {
			return err
		}
	}
	return nil
}

// mayAsk tells whether a person can be asked.
func (a *app) mayAsk() bool { return a.stderrTerminal && a.stdinTerminal }

// errInterrupted ends the wait for an answer.
var errInterrupted = errors.New("interrupted")

// readAnswer reads a line that a person types, until the program is interrupted.
func (a *app) readAnswer(in *bufio.Reader) (answer string, err error) {
	done := make(chan struct{})
	var text string
	var failed error
	go func() {
		text, failed = in.ReadString('\n')
		close(done)
	}()
	select {
	case <-done:
		return text, failed
	case <-a.interrupted:
		return "", errInterrupted
	}
}

// askYes asks a question and tells whether the answer is yes. No answer is none.
func (a *app) askYes(question string) bool {
	a.console.Announce(question + " Type yes or no:")
	answer, err := a.readAnswer(bufio.NewReader(a.stdin))
	return (err == nil || answer != "") && strings.EqualFold(strings.TrimSpace(answer), "yes")
}
