package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"timemachine/cmd/timemachine/internal/terminal"
)

// shortHelp is what -h prints: what the command does in a line, its examples and its flags. Of
// timemachine itself and of topics it is all there is.
func shortHelp(cmd *cobra.Command, width int) string {
	if !cmd.HasParent() || !cmd.Runnable() && !cmd.HasSubCommands() {
		return terminal.Wrap(strings.TrimSpace(cmd.Long), width) + "\n"
	}
	text := headline(cmd) + usage(cmd, width)
	if cmd.Long != "" {
		text += "More: " + strings.Replace(cmd.CommandPath(), programName, spell("help"), 1) + "\n"
	}
	return text
}

// fullHelp is what help prints: the short one, and then all that there is to know.
func fullHelp(cmd *cobra.Command, width int) string {
	if !cmd.HasParent() || cmd.Long == "" || !cmd.Runnable() && !cmd.HasSubCommands() {
		return shortHelp(cmd, width)
	}
	return headline(cmd) + usage(cmd, width) + "\n" + terminal.Wrap(strings.TrimSpace(cmd.Long), width) + "\n"
}

// headline is the command with what it does, in a line.
func headline(cmd *cobra.Command) string {
	return cmd.CommandPath() + ": " + cmd.Short + "\n\n"
}

// usage is how a command is typed, with examples, commands below it, and flags.
func usage(cmd *cobra.Command, width int) string {
	cmd.InitDefaultHelpFlag()
	var b strings.Builder
	b.WriteString("Usage:\n")
	if cmd.Runnable() {
		fmt.Fprintf(&b, "  %s\n", cmd.UseLine())
	}
	if cmd.HasAvailableSubCommands() {
		fmt.Fprintf(&b, "  %s COMMAND\n", cmd.CommandPath())
	}
	if cmd.Example != "" {
		fmt.Fprintf(&b, "\nExamples:\n%s\n", strings.TrimRight(cmd.Example, "\n"))
	}
	if cmd.HasAvailableSubCommands() {
		b.WriteString("\nCommands:\n")
		for _, c := range cmd.Commands() {
			if c.IsAvailableCommand() {
				fmt.Fprintf(&b, "  %-13s %s\n", c.Name(), c.Short)
			}
		}
	}
	flags := cmd.LocalFlags()
	if !cmd.HasParent() {
		flags = cmd.Flags()
	}
	fmt.Fprintf(&b, "\nFlags:\n%s\n", strings.TrimRight(flags.FlagUsagesWrapped(width), "\n"))
	if cmd.HasParent() {
		fmt.Fprintf(&b, "\nGlobal flags: %s (%s)\n", strings.Join(globalNames(cmd.InheritedFlags()), ", "), spell("help", "flags"))
	}
	return b.String()
}

// globalNames are the shortest names of flags.
func globalNames(set *pflag.FlagSet) (names []string) {
	set.SortFlags = false
	set.VisitAll(func(f *pflag.Flag) {
		switch {
		case f.Name == "config-location":
			names = append(names, "-cl")
		case f.Shorthand != "":
			names = append(names, "-"+f.Shorthand)
		default:
			names = append(names, "--"+f.Name)
		}
	})
	return names
}
