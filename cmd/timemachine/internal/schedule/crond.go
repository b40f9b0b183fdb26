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

// IsCron tells whether a process of that name reads crontabs.
func IsCron(name string) bool { return slices.Contains(cronNames, name) }

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
		if err != nil || !IsCron(string(bytes.TrimSpace(name))) {
			continue
		}
		status, err := os.ReadFile(filepath.Join(filepath.Dir(file), "status"))
		if err != nil || strings.HasPrefix(statusField(status, "State"), "Z") || len(strings.Fields(statusField(status, "NSpid"))) > depth {
			continue
		}
		if isRoots(status) && runsCron(filepath.Join(filepath.Dir(file), "exe")) {
			return true, true
		}
	}
	return false, true
}

// isRoots tells whether a process runs as root alone. Any user's process can have the name of cron,
// and a program that takes root's rights can be started under it.
func isRoots(status []byte) bool {
	ids := strings.Fields(statusField(status, "Uid"))
	return !slices.ContainsFunc(ids, func(id string) bool { return id != "0" })
}

// runsCron tells whether the executable of a process is a cron's, as far as this user may see it.
// After an upgrade its old file is deleted.
func runsCron(exe string) bool {
	program, err := os.Readlink(exe)
	if err != nil {
		return true
	}
	name := filepath.Base(strings.TrimSuffix(program, " (deleted)"))
	return name == "busybox" || IsCron(name)
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
