package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

func widen(*os.File) {}

func fileSystem(dir string) (kind string, memory bool, err error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return "", false, fmt.Errorf("statfs %q: %w", dir, err)
	}
	kind = unix.ByteSliceToString(st.Fstypename[:])
	return kind, kind == "tmpfs", nil
}

func processor() string {
	name, err := unix.Sysctl("machdep.cpu.brand_string")
	if err != nil {
		return ""
	}
	return name
}
