package schedule

import (
	"os"
	"path/filepath"
	"strings"
)

// timers returns the systemd timers in folders of unit files whose service runs timemachine. Of
// units of the same name the first folder's counts. Only those that something wants are started.
func timers(folders []string) []Job {
	var jobs []Job
	seen := map[string]bool{}
	for _, folder := range folders {
		files, _ := filepath.Glob(filepath.Join(escapeGlob(folder), "*.timer"))
		for _, file := range files {
			name := filepath.Base(file)
			if seen[name] || !isWanted(folders, name) {
				continue
			}
			seen[name] = true
			timer := readUnit(file)
			service := timer.last("Unit")
			if service == "" {
				service = strings.TrimSuffix(name, ".timer") + ".service"
			}
			unit := findUnit(folders, service)
			when := timerWords(timer)
			if c, ok := parse(strings.TrimLeft(unit.last("ExecStart"), "@-:+!"), unit.environment()); ok && when != "" {
				jobs = append(jobs, Job{Where: file, When: when, User: unit.last("User"), Command: c})
			}
		}
	}
	return jobs
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
		for _, words := range commands(line) {
			for _, w := range words {
				if name, value, ok := strings.Cut(w, "="); ok {
					env[name] = value
				}
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
