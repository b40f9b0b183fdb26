package events

import (
	"errors"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

const (
	folderKind    = "inotify"
	watchLimit    = "fs.inotify.max_user_watches"
	instanceLimit = "fs.inotify.max_user_instances"
)

// limitOf returns the limit that an error of inotify is about.
func limitOf(err error) *Limit {
	if errors.Is(err, unix.EMFILE) {
		now := readSetting(instanceLimit)
		return &Limit{Setting: instanceLimit, Now: now, Enough: max(2*now, 256)}
	}
	return &Limit{Setting: watchLimit, Now: readSetting(watchLimit)}
}

// readSetting reads a setting of the kernel; 0: it cannot be read.
func readSetting(name string) int {
	b, _ := os.ReadFile("/proc/sys/" + strings.ReplaceAll(name, ".", "/"))
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}
