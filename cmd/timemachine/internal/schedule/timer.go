package schedule

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// units returns what systemd makes runs by, from folders of unit files: timers whose service runs
// timemachine, and services that keep a watch running. Of units of the same name the first folder's
// counts. Only those that something wants are started. user is who services run as that name none.
func units(folders []string, user string) []Job {
	var jobs []Job
	seen := map[string]bool{}
	for _, folder := range folders {
		files, _ := filepath.Glob(filepath.Join(escapeGlob(folder), "*.timer"))
		services, _ := filepath.Glob(filepath.Join(escapeGlob(folder), "*.service"))
		for _, file := range append(files, services...) {
			name := filepath.Base(file)
			if seen[name] || !isWanted(folders, name) {
				continue
			}
			seen[name] = true
			if j, ok := unitJob(file, folders); ok {
				j.User = cmp.Or(j.User, user)
				jobs = append(jobs, j)
			}
		}
	}
	return jobs
}

// unitJob reads a timer, or a service that keeps a watch running. ok is false for other units.
func unitJob(file string, folders []string) (j Job, ok bool) {
	u := readUnit(file)
	j = Job{Where: file, Kind: Timer, Name: unitName(file)}
	service := u
	if name, isTimer := strings.CutSuffix(filepath.Base(file), ".timer"); isTimer {
		j.When = timerWords(u)
		service = findUnit(folders, cmp.Or(u.last("Unit"), name+".service"))
	}
	j.User = service.last("User")
	words := unitWords(strings.TrimLeft(service.last("ExecStart"), "@-:+!"), true)
	if j.Command, ok = parse([][]string{words}, service.environment(), j.Name != ""); j.Watch {
		j.When, j.Kind = watchWords, Watch
	}
	return j, ok && j.When != ""
}

// unitWords splits a value of a unit file into words, as systemd.syntax(7) says: quotes and escapes
// are taken off, and a doubled percent sign stands for one. In the words of a command that holds
// for a dollar sign, too.
func unitWords(text string, command bool) (words []string) {
	signs := []string{"%%", "%", "%", expanded + "%"}
	if command {
		signs = append(signs, "$$", "$", "$", expanded+"$")
	}
	replace := strings.NewReplacer(signs...)
	var word strings.Builder
	inWord, quote := false, byte(0)
	endWord := func() {
		if inWord {
			words = append(words, replace.Replace(word.String()))
		}
		word.Reset()
		inWord = false
	}
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
			inWord = true
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, inWord = c, true
		case quote == 0 && (c == ' ' || c == '\t'):
			endWord()
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	endWord()
	return words
}

// unit holds the settings of a unit file, each with its values in order.
type unit map[string][]string

func (u unit) last(key string) string {
	if values := u[key]; len(values) > 0 {
		return values[len(values)-1]
	}
	return ""
}

func (u unit) environment() map[string]string {
	env := map[string]string{}
	for _, line := range u["Environment"] {
		for _, w := range unitWords(line, false) {
			if name, value, ok := strings.Cut(w, "="); ok {
				env[name] = value
			}
		}
	}
	return env
}

func readUnit(file string) unit {
	u := unit{}
	text := readSmall(file)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if key, value, ok := strings.Cut(line, "="); ok && line[0] != '#' && line[0] != ';' {
			key = strings.TrimSpace(key)
			u[key] = append(u[key], strings.TrimSpace(value))
		}
	}
	return u
}

func findUnit(folders []string, name string) unit {
	for _, folder := range folders {
		if u := readUnit(filepath.Join(folder, filepath.Base(name))); len(u) > 0 {
			return u
		}
	}
	return nil
}

// isWanted tells whether a unit is enabled: a link in a folder NAME.wants says so.
func isWanted(folders []string, name string) bool {
	for _, folder := range folders {
		links, _ := filepath.Glob(filepath.Join(escapeGlob(folder), "*.wants", name))
		if len(links) > 0 {
			return true
		}
	}
	return false
}

// timerWords says when a timer starts its service.
func timerWords(u unit) string {
	switch calendar, after := u.last("OnCalendar"), u.last("OnUnitActiveSec"); {
	case calendar == "minutely" || calendar == "*:0/1" || calendar == "*-*-* *:*:00":
		return "every minute"
	case calendar == "hourly":
		return "every hour"
	case calendar == "daily":
		return "every day"
	case strings.HasPrefix(calendar, "*:0/") && isNumber(calendar[len("*:0/"):]):
		return "every " + calendar[len("*:0/"):] + " minutes"
	case strings.HasPrefix(calendar, "0/") && strings.HasSuffix(calendar, ":00") && isNumber(calendar[len("0/"):len(calendar)-len(":00")]):
		return "every " + calendar[len("0/"):len(calendar)-len(":00")] + " hours"
	case calendar != "":
		return "OnCalendar=" + calendar
	case after == "1min" || after == "1m" || after == "60" || after == "60s":
		return "every minute"
	case after != "":
		return "every " + after
	}
	return ""
}

// mostOfAFile is how many bytes of a file are read.
const mostOfAFile = 1 << 20

// readSmall is the text of a regular file; "" for any other, a large one, or one that cannot be
// read.
func readSmall(file string) string {
	info, err := os.Stat(file)
	if err != nil || !info.Mode().IsRegular() || info.Size() > mostOfAFile {
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	return string(text)
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}
