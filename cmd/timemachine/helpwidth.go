package main

import (
	"io"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
)

// Help is as wide as the terminal, up to wide; narrow where there is none.
const (
	narrow = 80
	wide   = 100
)

// width is the number of columns that help may take.
func (a *app) width() int { return min(a.terminalColumns(), wide) }

// fitText folds a help that was made for narrow columns at least into fewer.
func fitText(text string, width int) string {
	text = terminal.InCharset(text)
	if width >= narrow {
		return text
	}
	return terminal.FoldText(text, width)
}

// terminalColumns is the width of the terminal.
func (a *app) terminalColumns() int {
	if a.columns > 0 {
		return a.columns
	}
	return narrow
}

// screenColumns is the width of the terminal that standard output is; 0 where it is none, and
// nothing is cut.
func (a *app) screenColumns() int {
	if !a.stdoutTerminal {
		return 0
	}
	return a.terminalColumns()
}

// textColumns is the width of the terminal for what is written as it is elsewhere; 0 where standard
// output is no terminal.
func (a *app) textColumns() int {
	if !a.stdoutTerminal {
		return 0
	}
	return a.terminalColumns()
}

// fitHelp fits help and usage into a width in columns. The error of printing help is that of the
// command.
func (a *app) fitHelp(root *cobra.Command, width int) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		if _, err := io.WriteString(cmd.OutOrStdout(), fitText(shortHelp(cmd, width), width)); err != nil {
			a.helpError = outputError(err)
		}
	})
	root.SetUsageFunc(func(cmd *cobra.Command) error {
		_, err := io.WriteString(cmd.OutOrStderr(), fitText(usage(cmd, width), width))
		return err
	})
}
