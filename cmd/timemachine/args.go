package main

import "strings"

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
