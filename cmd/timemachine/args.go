package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// rewriteArgs replaces flags that a POSIX parser would misread by their long forms. It would read
// -cl as -c with the value "l", and take the "=" of -c= and -d= for their values. Arguments after
// "--" stay as they are.
func rewriteArgs(args []string) []string {
	out := make([]string, 0, len(args))
	for i, arg := range args {
		if arg == "--" {
			return append(out, args[i:]...)
		}
		out = append(out, rewriteArg(arg))
	}
	return out
}

func rewriteArg(arg string) string {
	switch arg {
	case "-cl":
		return "--config-location"
	case "-c=":
		return "--config="
	case "-d=":
		return "--destination="
	}
	if dir, ok := strings.CutPrefix(arg, "-cl="); ok {
		return "--config-location=" + dir
	}
	return arg
}

// spellOutLimit gives the -5 of log its long form, --limit=5.
func spellOutLimit(root *cobra.Command, args []string) []string {
	at := commandIndex(root, args)
	if at < 0 || args[at] != "log" {
		return args
	}
	cmd, _, err := root.Find([]string{"log"})
	if err != nil {
		return args
	}
	flags := allFlags(root)
	flags.AddFlagSet(cmd.Flags())
	out := slices.Clone(args)
	for i := at + 1; i < len(out) && out[i] != "--"; i++ {
		digits, isFlag := strings.CutPrefix(out[i], "-")
		switch {
		case isFlag && digits != "" && strings.Trim(digits, "0123456789") == "":
			out[i] = "--limit=" + digits
		case isFlag && takesNext(flags, rewriteArg(out[i])):
			i++
		}
	}
	return out
}

// commandIndex is where the command stands among the arguments; -1 for none.
func commandIndex(root *cobra.Command, args []string) int {
	flags := allFlags(root)
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "--":
			return -1
		case !strings.HasPrefix(args[i], "-"):
			return i
		case takesNext(flags, rewriteArg(args[i])):
			i++
		}
	}
	return -1
}
