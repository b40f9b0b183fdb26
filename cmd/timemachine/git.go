package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/refusal"
)

const gitName = "git"

func (a *app) gitCommand() *cobra.Command {
	cmd := newCommand("git WORD…", "run git in the destination", gitHelp, cobra.ArbitraryArgs,
		func(_ context.Context, words []string) error { return a.git(words) })
	cmd.DisableFlagsInUseLine = true
	return cmd
}

// separateGit puts a "--" behind the command git, so that all that follows is left to git. Only
// -h and --help alone are ours.
func separateGit(flags *pflag.FlagSet, args []string) []string {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == gitName:
			rest := args[i+1:]
			if len(rest) == 1 && (rest[0] == "-h" || rest[0] == "--help") || len(rest) > 0 && rest[0] == "--" {
				return args
			}
			return slices.Concat(args[:i+1], []string{"--"}, rest)
		case !strings.HasPrefix(arg, "-") || arg == "--":
			return args
		case takesNext(flags, rewriteArg(arg)):
			i++
		}
	}
	return args
}

// allFlags are the flags that may stand before a command.
func allFlags(root *cobra.Command) *pflag.FlagSet {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.AddFlagSet(root.PersistentFlags())
	flags.AddFlagSet(root.Flags())
	return flags
}

// takesNext tells whether the word after a flag is its value.
func takesNext(flags *pflag.FlagSet, arg string) bool {
	if name, long := strings.CutPrefix(arg, "--"); long {
		f := flags.Lookup(name)
		return f != nil && f.NoOptDefVal == ""
	}
	for i := 1; i < len(arg); i++ {
		f := flags.ShorthandLookup(arg[i : i+1])
		if f == nil {
			return false
		}
		if f.NoOptDefVal == "" {
			return i == len(arg)-1
		}
	}
	return false
}

// git becomes git in the destination: it gets the terminal, the signals and the exit status.
func (a *app) git(words []string) error {
	if a.flags.json {
		return &usageError{msg: "git has no --json", hint: a.spell("log", "--json") + " prints versions as JSON"}
	}
	p, err := a.askPlace()
	if err != nil {
		return err
	}
	if err := a.checkHistory(p.dest); err != nil {
		return err
	}
	dest, err := filepath.EvalSymlinks(p.dest)
	if err != nil {
		return closedError(p.dest, err)
	}
	may, isFolder, err := a.speller().MayRunGit(p.dest)
	if err == nil && !may {
		quoted := make([]string, len(words))
		for i, word := range words {
			quoted[i] = hint.ShellWord(word)
		}
		return &failure{msg: "destination " + terminal.Quote(p.dest) + " is another user's, or another user can replace it: git would run what they have configured",
			hint: a.speller().Git(p.dest, quoted...)}
	}
	program, lookErr := exec.LookPath(gitName)
	if err = errors.Join(err, lookErr); err != nil {
		return &failure{msg: "git cannot be run: " + durable.Reason(err), hint: "install git, or ask with " + a.spell("log") + ", show, diff and blame, which need none", err: err}
	}
	args := []string{gitName, "-C", dest}
	if isFolder {
		args = append(args, "-c", "safe.directory="+dest)
	}
	a.closeFiles()
	err = syscall.Exec(program, append(args, words...), gitEnvironment(os.Environ(), dest))
	return &failure{msg: "git cannot be run: " + durable.Reason(err), err: err}
}

// checkHistory returns an error where git has nothing to work on. A history without versions, or a
// damaged one, is git's all the same.
func (a *app) checkHistory(dest string) error {
	h, err := a.openToRead(dest, "", nil)
	if err == nil {
		return h.Close()
	}
	var refused *refusal.Error
	if errors.As(err, &refused) && (refused.Kind == refusal.NoVersions || refused.Kind == refusal.Damaged || refused.Kind == refusal.NoBranch) {
		return nil
	}
	return err
}

// placeVariables lead git to another repository than that of the folder it runs in, or to parts of
// one. They are those of git rev-parse --local-env-vars but for configuration.
var placeVariables = []string{
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CEILING_DIRECTORIES", "GIT_COMMON_DIR", "GIT_CONFIG", "GIT_DIR", "GIT_DISCOVERY_ACROSS_FILESYSTEM",
	"GIT_GRAFT_FILE", "GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INTERNAL_SUPER_PREFIX", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS",
	"GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
}

// gitEnvironment is the environment without what leads git elsewhere. It finds no repository above
// the destination.
func gitEnvironment(env []string, dest string) []string {
	kept := slices.DeleteFunc(slices.Clone(env), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return slices.Contains(placeVariables, name)
	})
	return append(kept, "GIT_CEILING_DIRECTORIES="+filepath.Dir(dest))
}
