package durable

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// mixedDevices are the file systems where a file has another device number than the one in the
// kernel's list of locks.
var mixedDevices = map[int64]bool{unix.BTRFS_SUPER_MAGIC: true, unix.OVERLAYFS_SUPER_MAGIC: true}

// FlockHolder is the process that holds a flock(2) on the file name; 0 for none that is known. It
// reads the kernel's list and does not try the lock, so that it disturbs no process that tries.
func (d *Dir) FlockHolder(name string) (pid int) {
	st, err := d.Lstat(name)
	if err != nil {
		return 0
	}
	f, err := os.Open("/proc/locks")
	if err != nil {
		return 0
	}
	defer f.Close()
	// 1: FLOCK  ADVISORY  WRITE 1234 fe:00:56789 0 EOF
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(st.Dev), unix.Minor(st.Dev), st.Ino)
	if d.mixedDevices() {
		file = fmt.Sprintf(":%d", st.Ino)
	}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		f := strings.Fields(lines.Text())
		if len(f) >= 6 && f[1] == "FLOCK" && strings.HasSuffix(f[5], file) {
			pid, _ = strconv.Atoi(f[4])
			return pid
		}
	}
	return 0
}

func (d *Dir) mixedDevices() bool {
	var st unix.Statfs_t
	return unix.Fstatfs(d.fd, &st) == nil && mixedDevices[int64(st.Type)]
}
