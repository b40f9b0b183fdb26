package main

import (
	"errors"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// openFlags keep an open from following a link, waiting on a FIFO or adopting a terminal.
const openFlags = unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC

// lockStep is the pause between two tries.
const lockStep = 5 * time.Millisecond

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
	for deadline := time.Now().Add(patience); ; time.Sleep(lockStep) {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, true, nil
		}
		busy := errors.Is(err, unix.EWOULDBLOCK) || errors.Is(err, unix.EINTR)
		if !busy || !time.Now().Before(deadline) {
			return func() { f.Close() }, false, nil
		}
	}
}
