package main

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/terminal"
)

// TestHelpFits: every help fits a terminal of 80 columns, except for lines that cannot be broken.
func TestHelpFits(t *testing.T) {
	a := systemApp()
	a.columns = 0
	a.console = terminal.NewConsole(&strings.Builder{}, terminal.ConsoleOptions{})
	var each func(cmd *cobra.Command)
	each = func(cmd *cobra.Command) {
		if cmd.Name() == "completion" {
			return // cobra's own
		}
		var out strings.Builder
		cmd.SetOut(&out)
		cmd.InitDefaultHelpFlag()
		if err := cmd.Help(); err != nil {
			t.Fatal(err)
		}
		for line := range strings.SplitSeq(out.String(), "\n") {
			whole := strings.Contains(line, "* * * *") || slices.Contains([]string{"reading-with-git", "configuration"}, cmd.Name()) && strings.HasPrefix(line, "  ")
			if utf8.RuneCountInString(line) > narrow && !whole {
				t.Errorf("%s: %q", cmd.CommandPath(), line)
			}
		}
		for _, sub := range cmd.Commands() {
			each(sub)
		}
	}
	each(a.rootCommand())
}
