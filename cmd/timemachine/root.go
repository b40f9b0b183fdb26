package main

import (
	"context"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
)

// globalFlags are the flags of every command.
type globalFlags struct {
	config      string
	location    string
	destination string
	quiet       bool
	verbose     bool
	json        bool
	noColor     bool
}

// originalFlags are the flags that stand for a command.
type originalFlags struct {
	list   bool
	add    []string
	remove []string
}

func (a *app) rootCommand() *cobra.Command {
	var o originalFlags
	root := &cobra.Command{
		Use:               "timemachine",
		Short:             "keep the history of the files you name",
		Long:              rootHelp,
		Example:           rootExamples,
		Version:           buildVersion().String(),
		SilenceErrors:     true,
		SilenceUsage:      true,
		Args:              cobra.ArbitraryArgs,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return a.beginCommand(cmd) },
		RunE:              func(cmd *cobra.Command, args []string) error { return a.runRoot(cmd, o, args) },
	}
	root.SetVersionTemplate("{{.Version}}\n")
	root.SetOut(a.stdout)
	root.SetErr(a.stderr)
	root.SetFlagErrorFunc(flagError)
	a.addGlobalFlags(root)
	f := root.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.list, "list", "l", false, "same as the command list")
	f.StringArrayVarP(&o.add, "add", "a", nil, "same as the command add `FILE` (repeatable)")
	f.StringArrayVarP(&o.remove, "remove", "r", nil, "same as the command remove `FILE` (repeatable)")
	root.AddCommand(a.runCommand(), a.addCommand(), a.removeCommand(), a.listCommand(), a.logCommand(), a.showCommand(), a.diffCommand(), a.restoreCommand(), a.hostsCommand(), a.initCommand(),
		a.statusCommand(), a.verifyCommand(), a.copiesCommand(), a.compactCommand(), a.pushCommand(), a.versionCommand())
	root.AddCommand(a.manCommand())
	root.AddCommand(helpTopics()...)
	root.SetHelpCommand(a.helpCommand())
	root.SuggestionsMinimumDistance = 2
	root.InitDefaultCompletionCmd(rewriteArgs(a.args)...)
	groupCommands(root)
	a.registerCompletions(root)
	a.setUpCompletion(root)
	fitHelp(root, a.width())
	return root
}

func (a *app) addGlobalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.SortFlags = false
	g := &a.flags
	f.StringVarP(&g.config, "config", "c", "", "configuration file: a `NAME` in the location, or a path (default config.dat)")
	f.StringVar(&g.location, "config-location", "", "also -cl `DIR`: folder of the configuration file (default the current directory)")
	f.StringVarP(&g.destination, "destination", "d", "", "folder of the repository, `DIR` (default the current directory)")
	f.BoolVarP(&g.quiet, "quiet", "q", false, "print errors only")
	f.BoolVarP(&g.verbose, "verbose", "v", false, "say more")
	f.BoolVar(&g.json, "json", false, "results as JSON on standard output")
	f.BoolVar(&g.noColor, "no-color", false, "no colours")
}

// beginCommand checks the global flags and sets up the console, after cobra has accepted the
// command line.
func (a *app) beginCommand(cmd *cobra.Command) error {
	for _, name := range []string{"config", "config-location", "destination", "at", "since", "until", "to", "branch", "from"} {
		if f := cmd.Flag(name); f != nil && f.Changed && f.Value.String() == "" {
			return &usageError{msg: "--" + name + " is empty", hint: "give it a value, or leave it out"}
		}
	}
	if a.flags.quiet && a.flags.verbose {
		return &usageError{msg: "-q and -v exclude each other", hint: usageHint}
	}
	a.console = terminal.NewConsole(a.stderr, terminal.ConsoleOptions{
		Terminal: a.stderrTerminal,
		Quiet:    a.flags.quiet,
		Verbose:  a.flags.verbose,
		Colour:   a.stderrTerminal && a.mayColour(),
		Now:      a.now,
	})
	a.started = true
	return nil
}

// runRoot is timemachine without a command: the original flags, else a run.
func (a *app) runRoot(cmd *cobra.Command, o originalFlags, args []string) error {
	ctx := cmd.Context()
	switch {
	case o.list:
		return a.list(ctx)
	case cmd.Flags().Changed("add"):
		return a.add(ctx, addOptions{paths: append(o.add, args...)})
	case cmd.Flags().Changed("remove"):
		return a.remove(ctx, append(o.remove, args...))
	case len(args) > 0:
		return a.unknownCommandError(cmd, args[0])
	}
	return a.run(ctx, runOptions{})
}

// unknownCommandError names an unknown command and suggests a known one.
func (a *app) unknownCommandError(root *cobra.Command, word string) error {
	e := &usageError{msg: "unknown command " + terminal.InQuotes(word), hint: usageHint}
	if path, err := a.absolute(word); err == nil {
		if _, err := os.Lstat(path); err == nil {
			e.hint = "to watch this file: " + spell("add", hint.ShellWord(word))
			return e
		}
	}
	if similar := root.SuggestionsFor(word); len(similar) > 0 {
		e.hint = "did you mean " + strings.Join(similar, " or ") + "?"
	}
	return e
}

// flagError turns pflag's errors into usage errors. It explains the original flags where a command
// comes with them.
func flagError(cmd *cobra.Command, err error) error {
	e := &usageError{msg: err.Error(), hint: usageHint}
	if !cmd.HasParent() {
		return e
	}
	e.hint = "see " + strings.Replace(cmd.CommandPath(), programName, spell("help"), 1)
	for _, f := range []string{"'l' in", "'a' in", "'r' in", "flag: --list", "flag: --add", "flag: --remove"} {
		if strings.Contains(e.msg, f) {
			e.hint = "-l, -a and -r stand for a command and go without one"
		}
	}
	return e
}

// needPaths is the argument check of commands that need a PATH.
func needPaths(verb string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{msg: verb + " needs a path", hint: spell(cmd.Use)}
		}
		return nil
	}
}

// noArgs is the argument check of commands without arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return &usageError{msg: cmd.Name() + " takes no arguments, not " + terminal.InQuotes(args[0]), hint: usageHint}
	}
	return nil
}

// newCommand returns a cobra command that calls do with the arguments.
func newCommand(use, short, long string, args cobra.PositionalArgs, do func(context.Context, []string) error) *cobra.Command {
	return &cobra.Command{
		Use:   use,
		Short: short,
		Long:  long,
		Args:  args,
		RunE:  func(cmd *cobra.Command, words []string) error { return do(cmd.Context(), words) },
	}
}
