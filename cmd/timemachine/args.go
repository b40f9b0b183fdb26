package main

import "strings"

// rewriteArgs replaces the one-dash flag -cl, which a POSIX parser would read as -c with the value "l", by its long
// form, and -c= and -d=, whose value it would read as "=", by theirs. Everything after "--" is left alone.
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
