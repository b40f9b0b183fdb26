package schedule

import (
	"path/filepath"
	"slices"
	"strings"
)

// Command is a command line that makes a run. The fields are "" where it does not say.
type Command struct {
	Program     string // as it is named
	Config      string // the configuration: an absolute path
	Destination string // an absolute path
	Unclear     bool   // it names one of them in a way that only a shell or its folder tells
	Watch       bool   // it stays running
	Interval    string // that a watch is given
}

// programName is the name of the program that jobs run.
const programName = "timemachine"

// before are programs that start another one, and that of which they name it after a word of their
// own.
var before = map[string]int{"sudo": 0, "nice": 0, "ionice": 0, "env": 0, "exec": 0, "chronic": 0, "nohup": 0, "systemd-cat": 0, "setsid": 0, "time": 0,
	"timeout": 1, "flock": 1, "chrt": 1}

// parse reads simple commands, each as its words. ok tells whether they make runs of timemachine.
// env are the variables that they are started with. What install has made may call it by any name.
func parse(all [][]string, env map[string]string, made bool) (c Command, ok bool) {
	var folder string // that the shell has changed to
	for _, words := range all {
		if len(words) == 2 && words[0] == "cd" {
			folder = words[1]
			continue
		}
		set := map[string]string{"TIMEMACHINE_CONFIG": env["TIMEMACHINE_CONFIG"], "TIMEMACHINE_DESTINATION": env["TIMEMACHINE_DESTINATION"]}
		if args, is := program(words, set, made); is {
			if c, ok = arguments(args, set); ok {
				c.Program = words[len(words)-len(args)-1]
				c.Unclear = c.Unclear || folder != "" && c.Config == ""
				return c, true
			}
		}
	}
	return Command{}, false
}

// program finds timemachine among the words of a command and returns its arguments. It notes the
// variables that are set before. With any, each program that has its whole path is timemachine.
func program(words []string, set map[string]string, any bool) (args []string, ok bool) {
	skip := 0
	wrapped := false
	for i, w := range words {
		name, value, assigns := strings.Cut(w, "=")
		more, starts := before[filepath.Base(w)]
		switch {
		case assigns && !strings.ContainsAny(name, "/-"):
			if _, known := set[name]; known {
				set[name] = value
			}
		case strings.HasPrefix(w, "-") && wrapped:
		case skip > 0:
			skip--
		case filepath.Base(w) == programName:
			return words[i+1:], true
		case starts:
			skip, wrapped = more, true
		case any && filepath.IsAbs(w):
			return words[i+1:], true
		case wrapped && strings.HasPrefix(words[i-1], "-"): // an option's value
		default:
			return nil, false
		}
	}
	return nil, false
}

// arguments reads those of timemachine. ok is false for another command than run and watch.
func arguments(args []string, set map[string]string) (c Command, ok bool) {
	flags := map[string]string{}
	for i := 0; i < len(args); i++ {
		name, value, has := strings.Cut(args[i], "=")
		switch name {
		case "-c", "--config", "-d", "--destination", "-cl", "--config-location":
			if !has {
				if i++; i == len(args) {
					return c, false
				}
				value = args[i]
			}
			flags[strings.TrimLeft(name, "-")] = value
		case "--interval", "--settle", "--events":
			if !has {
				if i++; i == len(args) {
					return c, false
				}
				value = args[i]
			}
			if name == "--interval" {
				c.Interval = value
			}
		default:
			switch {
			case strings.HasPrefix(name, "-"):
			case name == "watch" && !c.Watch:
				c.Watch = true
			case name != "run":
				return c, false
			}
		}
	}
	pick := func(names ...string) string {
		for _, n := range names {
			if v := flags[n]; v != "" {
				return v
			}
		}
		return ""
	}
	c.Config, c.Destination = pick("c", "config"), pick("d", "destination")
	if c.Config == "" {
		c.Config = set["TIMEMACHINE_CONFIG"]
	}
	if location := pick("cl", "config-location"); location != "" && !filepath.IsAbs(c.Config) {
		if c.Config == "" {
			c.Config = "config.dat"
		}
		c.Config = filepath.Join(location, c.Config)
	}
	if c.Destination == "" {
		c.Destination = set["TIMEMACHINE_DESTINATION"]
	}
	for _, path := range []*string{&c.Config, &c.Destination} {
		if *path != "" {
			c.Unclear = c.Unclear || !filepath.IsAbs(*path) || strings.Contains(*path, expanded)
			*path = filepath.Clean(strings.ReplaceAll(*path, expanded, ""))
		}
	}
	return c, true
}

// expanded stands before a character of a word that a shell, or systemd, expands.
const expanded = "\x00"

// commands splits a shell's text into simple commands, and these into words. Quotes are taken off;
// nothing is expanded. A comment ends the text.
func commands(text string) (all [][]string) {
	var words []string
	var word strings.Builder
	inWord, redirected := false, false
	endWord := func() {
		if inWord && !redirected {
			words = append(words, word.String())
		}
		if inWord {
			redirected = false
		}
		word.Reset()
		inWord = false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '#':
			if !inWord {
				i = len(text)
				continue
			}
			word.WriteByte(c)
		case ' ', '\t':
			endWord()
		case ';', '&', '|', '(', ')', '\n':
			if c == '&' && i > 0 && text[i-1] == '>' { // as in 2>&1
				continue
			}
			endWord()
			all, words = append(all, words), nil
		case '>', '<':
			if strings.Trim(word.String(), "0123456789") == "" { // the number of a stream
				word.Reset()
				inWord = false
			}
			endWord()
			redirected = true
		case '\'', '"':
			inWord = true
			end := strings.IndexByte(text[i+1:], c)
			if end < 0 {
				return nil
			}
			quoted := text[i+1 : i+1+end]
			if c == '"' {
				quoted = strings.NewReplacer("$", expanded+"$", "`", expanded+"`").Replace(quoted)
			}
			word.WriteString(quoted)
			i += end + 1
		case '\\':
			if i++; i < len(text) {
				word.WriteByte(text[i])
				inWord = true
			}
		case '$', '`', '*', '?', '~':
			word.WriteString(expanded)
			fallthrough
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	endWord()
	return slices.DeleteFunc(append(all, words), func(w []string) bool { return len(w) == 0 })
}
