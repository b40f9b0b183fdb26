package ownpacks

import (
	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
)

// startWriteback begins to put a range of a file on disk, and does not wait for it. It is a hint:
// an error shows in the sync that follows.
func startWriteback(f *durable.File, from, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), from, n, unix.SYNC_FILE_RANGE_WRITE)
}
