package schedule

import (
	"slices"
	"strconv"
	"strings"
)

// Job is something that runs timemachine regularly.
type Job struct {
	Where string // the file, or "crontab" for the user's own
	When  string // for people: "every minute"
	User  string // who it runs as; "" for the one who asks
	Kind  Kind   // what makes it run
	Line  string // of a crontab
	Name  string // of the schedule that install has made; "" where somebody else has made it
	Command
}

// crontab returns the lines of a crontab that run timemachine. Those of a system's crontab name a
// user before the command. Variables that are set above a line hold for it.
func crontab(text, where string, system bool) []Job {
	var jobs []Job
	env := map[string]string{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if name, value, ok := assignment(line); ok {
			env[name] = value
			continue
		}
		when, rest := cronTime(line)
		j := Job{Where: where, When: when, Kind: Cron, Line: line, Name: markedName(line)}
		if system {
			j.User, rest = cutField(rest)
		}
		command, ok := parse(commands(cronCommand(rest)), env, j.Name != "")
		if when == "" || !ok {
			continue
		}
		j.Command = command
		if j.Watch {
			j.When = watchWords
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// assignment parses a line NAME=value of a crontab.
func assignment(line string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(line, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !ok || name == "" || strings.ContainsAny(name, " \t*/@") {
		return "", "", false
	}
	if n := len(value); n > 1 && strings.IndexByte(`"'`, value[0]) >= 0 && value[n-1] == value[0] {
		value = value[1 : n-1]
	}
	return strings.Trim(name, `"'`), value, true
}

// cronTime cuts the time off a line, and says it in words. It is "" for a line that cron cannot
// read.
func cronTime(line string) (when, rest string) {
	if strings.HasPrefix(line, "@") {
		when, rest = cutField(line)
		switch when {
		case "@hourly":
			return "every hour", rest
		case "@daily", "@midnight":
			return "every day", rest
		}
		if strings.IndexFunc(when[1:], func(r rune) bool { return r < 'A' || r > 'z' }) >= 0 {
			return "", rest // no word of cron's, and perhaps one that a terminal acts on
		}
		return when, rest
	}
	var fields [5]string
	for i := range fields {
		fields[i], line = cutField(line)
	}
	return cronWords(fields), line
}

// cronWords says the five fields of a line in words, or as they are.
func cronWords(f [5]string) string {
	for _, field := range f {
		if field == "" || strings.IndexFunc(field, func(r rune) bool {
			return !strings.ContainsRune("*/,-~", r) && (r < '0' || r > '9') && (r < 'A' || r > 'z')
		}) >= 0 {
			return ""
		}
	}
	step, each := strings.CutPrefix(f[0], "*/")
	n, err := strconv.Atoi(step)
	everyHour := f[1] == "*" && f[2] == "*" && f[3] == "*" && f[4] == "*"
	minute, merr := strconv.Atoi(f[0])
	switch {
	case everyHour && (f[0] == "*" || each && err == nil && n == 1):
		return "every minute"
	case everyHour && each && err == nil && n > 1 && 60%n == 0:
		return "every " + step + " minutes"
	case everyHour && merr == nil && minute < 60:
		return "every hour"
	case slices.Equal(f[2:], []string{"*", "*", "*"}) && f[0] == "0":
		if hours, ok := strings.CutPrefix(f[1], "*/"); ok && isNumber(hours) {
			return "every " + hours + " hours"
		}
		if f[1] == "0" {
			return "every day"
		}
	}
	return strings.Join(f[:], " ")
}

func isNumber(text string) bool {
	_, err := strconv.Atoi(text)
	return err == nil
}

func cutField(text string) (field, rest string) {
	text = strings.TrimLeft(text, " \t")
	if i := strings.IndexAny(text, " \t"); i >= 0 {
		return text[:i], strings.TrimLeft(text[i:], " \t")
	}
	return text, ""
}

// cronCommand is what cron gives to the shell: up to the first % that has no backslash before it.
func cronCommand(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text) && text[i+1] == '%':
			b.WriteByte('%')
			i++
		case text[i] == '%':
			return b.String()
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}
