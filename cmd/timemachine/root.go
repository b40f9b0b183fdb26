package main

import (
	"context"
	"os"
	"regexp"
	"slices"
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
	root.SetFlagErrorFunc(a.flagError)
	a.addGlobalFlags(root)
	f := root.Flags()
	f.SortFlags = false
	f.BoolVarP(&o.list, "list", "l", false, "same as the command list")
	f.StringArrayVarP(&o.add, "add", "a", nil, "same as the command add `FILE` (repeatable)")
	f.StringArrayVarP(&o.remove, "remove", "r", nil, "same as the command remove `FILE` (repeatable)")
	root.AddCommand(a.setupCommand(), a.runCommand(), a.watchCommand(), a.addCommand(), a.removeCommand(), a.listCommand(), a.whyCommand(), a.logCommand(), a.lsCommand(), a.showCommand(), a.diffCommand(), a.blameCommand(), a.gitCommand(), a.restoreCommand(), a.hostsCommand(), a.initCommand(),
		a.statusCommand(), a.verifyCommand(), a.copiesCommand(), a.compactCommand(), a.pushCommand(), a.scheduleCommands(), a.configCommand(), a.doctorCommand(), a.versionCommand())
	root.AddCommand(a.manCommand())
	root.AddCommand(helpTopics(root)...)
	root.SetHelpCommand(a.helpCommand())
	root.InitDefaultCompletionCmd(rewriteArgs(a.args)...)
	groupCommands(root)
	setExamples(root)
	a.registerCompletions(root)
	a.setUpCompletion(root)
	a.fitHelp(root, a.width())
	return root
}

func (a *app) addGlobalFlags(root *cobra.Command) {
	f := root.PersistentFlags()
	f.SortFlags = false
	g := &a.flags
	f.StringVarP(&g.config, "config", "c", "", "configuration file: a `NAME` in the location, or a path (default config.dat, else the one that setup made)")
	f.StringVar(&g.location, "config-location", "", "also -cl `DIR`: folder of the configuration file (default the current directory)")
	f.StringVarP(&g.destination, "destination", "d", "", "folder of the repository, `DIR` (default the configuration's, else the current directory)")
	f.BoolVarP(&g.quiet, "quiet", "q", false, "print errors only")
	f.BoolVarP(&g.verbose, "verbose", "v", false, "say more")
	f.BoolVar(&g.json, "json", false, "results as JSON on standard output")
	f.BoolVar(&g.noColor, "no-color", false, "no colours")
}

// beginCommand notes the command, checks the global flags and sets up the console, after cobra has
// accepted the command line.
func (a *app) beginCommand(cmd *cobra.Command) error {
	a.command = cmd.Name()
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
		Columns:  a.errColumns,
		Whole:    a.spelled.Commands,
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
			e.hint = "to watch this file: " + a.spell("add", hint.ShellWord(word))
			return e
		}
	}
	if text, known := a.otherCommands()[word]; known {
		e.hint = text
	} else if similar := similarCommands(root, word); len(similar) > 0 {
		e.hint = "did you mean " + strings.Join(similar, " or ") + "?"
	}
	return e
}

// otherCommands holds the hints for words that people try because other programs have them.
func (a *app) otherCommands() map[string]string {
	return map[string]string{
		"prune": "the history keeps every version; " + a.spell("status") + " shows how much space it takes",
		"edit":  a.spell("config", "edit") + " edits the configuration"}
}

// similarCommands names the commands that a word begins, or that it is one slip of the finger away
// from, two in a long word.
func similarCommands(root *cobra.Command, word string) (names []string) {
	slips := 1
	if len(word) > 5 {
		slips = 2
	}
	for _, cmd := range root.Commands() {
		name := cmd.Name()
		if cmd.IsAvailableCommand() && (slices.Contains(cmd.SuggestFor, word) || len(word) > 1 && strings.HasPrefix(name, word) || distance(word, name, slips) <= slips || isSwapped(word, name)) {
			names = append(names, name)
		}
	}
	return names
}

// isSwapped tells whether two letters side by side are exchanged in a word.
func isSwapped(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) - 1 {
		if a[:i]+a[i+1:i+2]+a[i:i+1]+a[i+2:] == b {
			return true
		}
	}
	return false
}

// mistakenFlag is what people mean with a flag of a command that has another word for it; "" for
// other flags. paths are the arguments of the command line, and value is what it gives the flag.
func (a *app) mistakenFlag(command, flag, value string, paths []string) string {
	words := func(before []string, after ...string) []string { return slices.Concat(before, paths, after) }
	switch command + " " + flag {
	case "log --at":
		return a.spell(words([]string{"log", "--until", value})...) + " lists the versions up to then, " +
			a.spell(words([]string{"show"}, "--at", value)...) + " the content then"
	case "diff --at", "diff --since":
		return a.spell(words([]string{"diff"}, value)...) + " shows what changed since then"
	case "diff --until":
		return a.spell(words([]string{"diff"}, "FROM", value)...) + " compares two versions or times"
	}
	return ""
}

// flagError turns pflag's errors into usage errors. It explains the original flags where a command
// comes with them.
func (a *app) flagError(cmd *cobra.Command, err error) error {
	e := &usageError{msg: flagText(err), hint: usageHint}
	if !cmd.HasParent() {
		return e
	}
	e.hint = "see " + strings.Replace(cmd.CommandPath(), programName, spell("help"), 1)
	if flag, unknown := strings.CutPrefix(e.msg, "unknown flag: "); unknown {
		paths := a.readWithout(cmd)
		if text := a.mistakenFlag(cmd.Name(), flag, a.valueOf(flag), paths); text != "" {
			e.hint = text
		}
	}
	for _, f := range []string{"'l' in", "'a' in", "'r' in", "flag: --list", "flag: --add", "flag: --remove"} {
		if strings.Contains(e.msg, f) {
			e.hint = "-l, -a and -r stand for a command and go without one"
		}
	}
	return e
}

// readWithout reads a command line once more, for hints: the flags of the place behind the unknown
// one, too. It returns the words that are no flags, for a shell; PATH for none.
func (a *app) readWithout(cmd *cobra.Command) []string {
	_, words, err := cmd.Root().Find(rewriteArgs(a.args))
	if err != nil {
		return []string{"PATH"}
	}
	flags := cmd.Flags()
	flags.ParseErrorsAllowlist.UnknownFlags = true
	if err := flags.Parse(words); err != nil || flags.NArg() == 0 {
		return []string{"PATH"}
	}
	var paths []string
	for _, word := range flags.Args() {
		paths = append(paths, hint.ShellWord(word))
	}
	return paths
}

// valueOf is what the command line gives an unknown flag, for a shell; WHEN where it gives nothing.
func (a *app) valueOf(flag string) string {
	for i, word := range a.args {
		name, value, joined := strings.Cut(word, "=")
		switch {
		case name != flag:
		case joined:
			return hint.ShellWord(value)
		case i+1 < len(a.args) && !strings.HasPrefix(a.args[i+1], "-"):
			return hint.ShellWord(a.args[i+1])
		}
	}
	return "WHEN"
}

// badValue matches pflag's text of a value that is none for its flag.
var badValue = regexp.MustCompile(`^invalid argument "(.*)" for "(?:-., )?(--[a-z-]+)" flag: (?:strconv\.Parse([A-Za-z]+)|(time)):`)

// flagText is the text of an error of pflag, without the words of Go's library.
func flagText(err error) string {
	m := badValue.FindStringSubmatch(err.Error())
	if m == nil {
		return err.Error()
	}
	what := "is not a number"
	switch {
	case m[3] == "Bool":
		what = "is neither true nor false"
	case m[4] != "":
		what = "is not a duration such as 30s or 5m"
	}
	return m[2] + " " + terminal.InQuotes(m[1]) + " " + what
}

// needPaths is the argument check of commands that need a PATH.
func needPaths(verb string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{msg: verb + " needs a path", hint: spellAs(cmd, cmd.Use)}
		}
		return nil
	}
}

// noArgs is the argument check of commands without arguments.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 && cmd.HasAvailableSubCommands() {
		var names []string
		for _, sub := range cmd.Commands() {
			names = append(names, sub.Name())
		}
		return &usageError{msg: cmd.Name() + " has no command " + terminal.InQuotes(args[0]), hint: "its commands are " + strings.Join(names, ", ")}
	}
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
