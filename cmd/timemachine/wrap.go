package main

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

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
		text := wrap(strings.TrimSpace(about), width) + "\n"
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

// wrap fills paragraphs to a width in columns. Lines that begin with white space stay as they are.
func wrap(text string, width int) string {
	var out, words []string
	fill := func() {
		line := ""
		for _, w := range words {
			if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(w) > width {
				out, line = append(out, line), ""
			}
			line = strings.TrimPrefix(line+" "+w, " ")
		}
		if words = nil; line != "" {
			out = append(out, line)
		}
	}
	for line := range strings.SplitSeq(text, "\n") {
		if line != "" && strings.TrimLeft(line, " \t") == line {
			words = append(words, strings.Fields(line)...)
			continue
		}
		fill()
		out = append(out, line)
	}
	fill()
	return strings.Join(out, "\n")
}
