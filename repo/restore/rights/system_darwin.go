package rights

import (
	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
)

// flagsOf returns none: this system's flags are not those of chattr(1).
func flagsOf(dir int, name string) int { return 0 }

// openClosed adds bits to the mode of the file or folder that has a name in an open folder.
func openClosed(in int, name string, was *durable.Stat, bits uint32) error {
	return unix.Fchmodat(in, name, was.Mode&0o7777|bits, unix.AT_SYMLINK_NOFOLLOW)
}
