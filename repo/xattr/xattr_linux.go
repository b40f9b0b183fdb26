package xattr

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// errNone is the system's word for an attribute that is not there.
const errNone = unix.ENODATA

// pathIn is a path to a name in an open folder: no system call takes a folder and a name. ok is
// false for a name that is none.
func pathIn(dir int, name string) (path string, ok bool) {
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir, name), name != "" && !strings.Contains(name, "/")
}
