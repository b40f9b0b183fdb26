package schedule

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// cronNames are the names of processes that read crontabs.
var cronNames = []string{"cron", "crond", "fcron", "dcron", "cronie"}

// cronRuns tells whether a cron is among the processes of this machine, from /proc. known is false
// where the processes of others cannot be seen. Those of containers are not of this machine.
func cronRuns(proc string) (active, known bool) {
	first, err := os.ReadFile(filepath.Join(proc, "1", "status"))
	if err != nil {
		return false, false
	}
	depth := len(strings.Fields(statusField(first, "NSpid")))
	files, _ := filepath.Glob(filepath.Join(escapeGlob(proc), "[0-9]*", "comm"))
	for _, file := range files {
		name, err := os.ReadFile(file)
		if err != nil || !slices.Contains(cronNames, string(bytes.TrimSpace(name))) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(file), "status"))
		if err != nil || strings.HasPrefix(statusField(status, "State"), "Z") || len(strings.Fields(statusField(status, "NSpid"))) > depth {
			continue
		}
		return true, true
	}
	return false, true
}

// statusField is a value of a process's status file.
func statusField(status []byte, name string) string {
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
