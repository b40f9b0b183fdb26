package rights

import (
	"cmp"
	"fmt"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/restore/reach"
)

// flagsOf returns the flags of chattr(1) that a name in an open folder has.
func flagsOf(dir int, name string) int {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	flags, err := unix.IoctlGetInt(fd, unix.FS_IOC_GETFLAGS)
	if err != nil {
		return 0
	}
	return flags
}

// openClosed adds bits to the mode of the file or folder that has a name in an open folder, if it
// is the one that was there.
func openClosed(in int, name string, was *durable.Stat, bits uint32) error {
	fd, err := unix.Openat(in, name, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil || st.Ino != was.Ino || st.Dev != was.Dev || st.Mode != was.Mode {
		return cmp.Or(err, reach.ErrChanged)
	}
	return unix.Chmod(fmt.Sprintf("/proc/self/fd/%d", fd), was.Mode&0o7777|bits)
}
