package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// enlarge does nothing: macOS enlarges the buffers of pipes by itself.
func enlarge(*os.File) {}

// fileSystem names the file system of dir, and tells whether it keeps files in memory.
func fileSystem(dir string) (kind string, memory bool, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return "", false, fmt.Errorf("statfs %q: %w", dir, err)
	}
	kind = unix.ByteSliceToString(st.Fstypename[:])
	return kind, kind == "tmpfs", nil
}

// processor is the name that the machine gives its processor; "" where it gives none.
func processor() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return ""
	}
	return name
}
