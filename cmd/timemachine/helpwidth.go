package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
)

// Help is as wide as the terminal, between these limits in columns; narrow where there is none.
const (
	narrow = 80
	wide   = 100
)

// width is the number of columns that help may take.
func (a *app) width() int { return min(max(a.columns, narrow), wide) }

// fitHelp fits help and usage into a width in columns.
func fitHelp(root *cobra.Command, width int) {
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		about := cmd.Long
		if about == "" {
			about = cmd.Short
		}
		text := terminal.Wrap(strings.TrimSpace(about), width) + "\n"
		if cmd.Runnable() || cmd.HasSubCommands() {
			text += "\n" + cmd.UsageString()
		}
		if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
			cmd.PrintErrln(err)
		}
	})
	flags := fmt.Sprintf(".FlagUsagesWrapped %d", width)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", flags))
}
