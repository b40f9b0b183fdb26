package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// pipeSize is the largest buffer, in bytes, that an unprivileged process may ask for.
const pipeSize = 1 << 20

// enlarge enlarges the buffer of a pipe. Where that is not allowed, the pipe works as it is.
func enlarge(f *os.File) { unix.FcntlInt(f.Fd(), unix.F_SETPIPE_SZ, pipeSize) }

// fileSystem names the file system of dir, and tells whether it keeps files in memory.
func fileSystem(dir string) (kind string, memory bool, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return "", false, fmt.Errorf("statfs %q: %w", dir, err)
	}
	switch uint32(st.Type) {
	case unix.TMPFS_MAGIC:
		return "tmpfs", true, nil
	case unix.RAMFS_MAGIC:
		return "ramfs", true, nil
	case unix.EXT4_SUPER_MAGIC:
		return "ext4", false, nil
	case unix.XFS_SUPER_MAGIC:
		return "xfs", false, nil
	case unix.BTRFS_SUPER_MAGIC:
		return "btrfs", false, nil
	case unix.OVERLAYFS_SUPER_MAGIC:
		return "overlayfs", false, nil
	}
	return fmt.Sprintf("file system %#x", uint32(st.Type)), false, nil
}

// processor is the name that the machine gives its processor; "" where it gives none.
func processor() string {
	b, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
