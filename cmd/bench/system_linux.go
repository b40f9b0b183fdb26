package main

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// pipeSize is what an unprivileged process may ask for.
const pipeSize = 1 << 20

// widen lets more fit into a pipe; where that is not allowed it works as it is.
func widen(f *os.File) { unix.FcntlInt(f.Fd(), unix.F_SETPIPE_SZ, pipeSize) }

// fileSystem names the file system that holds dir, and tells whether it lies in memory.
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

// processor is the machine's own name for it.
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
