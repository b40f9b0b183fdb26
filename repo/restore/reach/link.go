package reach

import (
	"errors"

	"golang.org/x/sys/unix"
)

// IsLinkRefused tells whether the system allows no further name there.
func IsLinkRefused(err error) bool {
	for _, why := range []error{unix.EXDEV, unix.EMLINK, unix.EPERM, unix.ENOTSUP, unix.ENOSYS} {
		if errors.Is(err, why) {
			return true
		}
	}
	return false
}
