package schedule

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/repo/record"
)

// Kind is what makes runs.
type Kind string

// The kinds: a line that cron reads, a timer of systemd, and a service of systemd that stays
// running.
const (
	Cron  Kind = "cron"
	Timer Kind = "systemd"
	Watch Kind = "watch"
)

// watchWords say when a watch makes runs.
const watchWords = "as soon as files have changed (watch)"

// Task is what runs a configuration regularly.
type Task struct {
	Name        string   // of the schedule; names of files and units begin with it
	Program     string   // an absolute path
	Config      string   // an absolute path
	Destination string   // an absolute path; "": the configuration has it
	Writes      []string // the folders in which runs write
	Env         []string // NAME=value
	Every       time.Duration
	Former      []string // lines of crontabs that stand for the same, and are replaced
}

// everyWanted are the times between runs that both cron and systemd can keep through hours and
// days.
var everyWanted = []time.Duration{time.Minute, 2 * time.Minute, 3 * time.Minute, 4 * time.Minute, 5 * time.Minute, 6 * time.Minute, 10 * time.Minute,
	12 * time.Minute, 15 * time.Minute, 20 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour,
	8 * time.Hour, 12 * time.Hour, 24 * time.Hour}

// CanRunEvery tells whether cron and systemd can make a run each time so much has passed.
func CanRunEvery(d time.Duration) bool { return slices.Contains(everyWanted, d) }

// Spacing is the time between runs of a job that install has made; 0 if that is unknown.
func (j *Job) Spacing() time.Duration {
	if j.Watch {
		d, err := time.ParseDuration(j.Interval)
		if err != nil {
			return 0
		}
		return d
	}
	for _, d := range everyWanted {
		if everyWords(d) == j.When {
			return d
		}
	}
	return 0
}

// everyWords says how often runs come.
func everyWords(d time.Duration) string {
	switch minutes, hours := int(d/time.Minute), int(d/time.Hour); {
	case minutes == 1:
		return "every minute"
	case minutes < 60:
		return fmt.Sprintf("every %d minutes", minutes)
	case hours == 1:
		return "every hour"
	case hours < 24:
		return fmt.Sprintf("every %d hours", hours)
	}
	return "every day"
}

// cronFields are the five fields of a line that makes runs so often.
func cronFields(d time.Duration) string {
	switch minutes, hours := int(d/time.Minute), int(d/time.Hour); {
	case minutes == 1:
		return "* * * * *"
	case minutes < 60:
		return fmt.Sprintf("*/%d * * * *", minutes)
	case hours == 1:
		return "0 * * * *"
	case hours < 24:
		return fmt.Sprintf("0 */%d * * *", hours)
	}
	return "0 0 * * *"
}

// calendar is the value of OnCalendar that makes runs so often.
func calendar(d time.Duration) string {
	switch minutes, hours := int(d/time.Minute), int(d/time.Hour); {
	case minutes == 1:
		return "minutely"
	case minutes < 60:
		return fmt.Sprintf("*:0/%d", minutes)
	case hours == 1:
		return "hourly"
	case hours < 24:
		return fmt.Sprintf("0/%d:00", hours)
	}
	return "daily"
}

// words are the command and its arguments.
func (t *Task) words(kind Kind) []string {
	words := []string{t.Program, "-c", t.Config}
	if t.Destination != "" {
		words = append(words, "-d", t.Destination)
	}
	if kind == Watch {
		words = append(words, "watch", "--interval", durationText(t.Every))
	}
	return words
}

// durationText is a duration without units that are zero.
func durationText(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// PathError is a path that a schedule cannot hold.
type PathError struct {
	Path string
	Why  string
}

// Error names the path.
func (e *PathError) Error() string { return record.Quote(e.Path) + " cannot be scheduled: " + e.Why }

// check refuses words that cron or systemd could read as something else.
func (t *Task) check(kind Kind) error {
	for _, w := range append(t.words(kind), t.Env...) {
		why := ""
		switch {
		case strings.ContainsFunc(w, record.Hidden) || !utf8.ValidString(w):
			why = "it has a character that does not show"
		case kind == Cron && w == t.Program && len(t.Env) > 0 && strings.Contains(w, "="):
			why = "env would take it for a variable"
		case kind == Cron && strings.Contains(w, `\`):
			why = "programs called cron read a backslash in different ways"
		case kind != Cron && w == t.Program && strings.ContainsAny(w, `$'"\%`):
			why = "systemd cannot start a program of this name"
		}
		if why != "" {
			return &PathError{Path: w, Why: why}
		}
	}
	return nil
}

// mostOfALine is how many bytes of a command cron reads, less some: programs called cron differ.
const mostOfALine = 980

// mark ends the lines of crontabs that install has written. To the shell it is a comment.
func mark(name string) string { return "# " + name + " schedule" }

// markedName is the name of the schedule whose mark ends a line; "" for other lines.
func markedName(line string) string {
	line = strings.TrimSpace(line)
	i := strings.LastIndex(line, " # ")
	if i < 0 || strings.HasPrefix(line, "#") {
		return ""
	}
	name, ok := strings.CutSuffix(line[i+len(" # "):], " schedule")
	if !ok || name != programName && !strings.HasPrefix(name, programName+"-") {
		return ""
	}
	return name
}

// line is the line of a crontab: of the user's own, or of one that names the user.
func (t *Task) line(own bool) (string, error) {
	if err := t.check(Cron); err != nil {
		return "", err
	}
	var words []string
	if len(t.Env) > 0 {
		words = append(words, "env")
	}
	for _, w := range slices.Concat(t.Env, t.words(Cron)) {
		if !strings.HasPrefix(w, "-") { // all but flags
			w = hint.ShellWord(w)
		}
		words = append(words, w)
	}
	command := strings.Join(append(words, mark(t.Name)), " ")
	command = strings.ReplaceAll(command, "%", `\%`) // a bare one is a newline to cron
	if len(command) > mostOfALine {
		return "", &PathError{Path: t.Config, Why: "the line would be too long for cron"}
	}
	if own {
		return cronFields(t.Every) + " " + command, nil
	}
	return cronFields(t.Every) + " root " + command, nil
}
