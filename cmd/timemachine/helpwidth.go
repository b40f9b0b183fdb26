package main

import (
	"fmt"
	"io"
	"strings"
	"timemachine/cmd/timemachine/internal/terminal"

	"github.com/spf13/cobra"
)

// The widths that help is written for: that of the terminal between these two, the first where there is none.
const (
	narrow = 80
	wide   = 100
)

// width is how many columns help may take.
func (a *app) width() int { return min(max(a.columns, narrow), wide) }

// fitHelp lets help and usage fit into so many columns.
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
