package journal

import (
	"context"
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
)

// openFlags keep an open from following a link, waiting on a FIFO or adopting a terminal.
const openFlags = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC

// lockFolder takes the exclusive advisory lock of a folder, waiting at most patience. locked is false when it was not to
// be had; that is no error. The caller calls unlock in both cases.
//
// The folder is locked and not the log in it, since the log is renamed: between a rename and the creation of its
// successor a lock on the file protects nothing.
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
