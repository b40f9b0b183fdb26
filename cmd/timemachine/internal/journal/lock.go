package journal

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
)

// openFlags keep an open from following a link, from waiting on a FIFO and from adopting a
// terminal.
const openFlags = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC

// lockFolder takes the exclusive advisory lock of a folder and waits for it at most patience. A
// lock that cannot be had is no error: locked is false. The caller calls unlock in both cases.
//
// The folder is locked, not the log in it. The log is renamed, and between a rename and the
// creation of the next log a lock on the file protects nothing.
func lockFolder(dir string, patience time.Duration) (unlock func(), locked bool, err error) {
	f, err := os.OpenFile(dir, os.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if errors.Is(err, os.ErrPermission) {
		return func() {}, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	locked = durable.Flock(ctx, f) == nil
	return func() { f.Close() }, locked, nil
}
