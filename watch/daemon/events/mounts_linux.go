package events

import (
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

const mountInfo = "/proc/self/mountinfo" // proc_pid_mountinfo(5)

// mounts tells when file systems are mounted and unmounted.
type mounts struct {
	fd   int    // of mountInfo; -1: it cannot be opened
	last string // the relevant lines
	read bool   // last is filled in
}

// openMounts opens the mounts without package os, whose poller would take the news.
func openMounts() *mounts {
	fd, err := unix.Open(mountInfo, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		fd = -1
	}
	return &mounts{fd: fd}
}

// changed asks the system, which costs little, and reads the mounts where there is news.
func (m *mounts) changed(relevant func(path string) bool) bool {
	if m.fd < 0 {
		return false
	}
	p := []unix.PollFd{{Fd: int32(m.fd), Events: unix.POLLPRI}}
	if n, err := unix.Poll(p, 0); err != nil || n == 0 && m.read {
		return false
	}
	lines := m.relevant(relevant)
	news := m.read && lines != m.last
	m.last, m.read = lines, true
	return news
}

// relevant returns the lines of the mounts at relevant paths.
func (m *mounts) relevant(relevant func(path string) bool) string {
	all, err := os.ReadFile(mountInfo)
	if err != nil {
		return m.last
	}
	var b strings.Builder
	for line := range strings.Lines(string(all)) {
		// ID PARENT DEVICE ROOT MOUNTPOINT …
		fields := strings.Fields(line)
		if len(fields) > 4 && relevant(unescapeMount(fields[4])) {
			b.WriteString(strings.Join(fields[:5], " ") + "\n")
		}
	}
	return b.String()
}

// unescapeMount reads a path as the kernel writes it: with \040 for a space.
func unescapeMount(path string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(path)
}

func (m *mounts) close() {
	if m.fd >= 0 {
		unix.Close(m.fd)
	}
}
