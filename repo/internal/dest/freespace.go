package dest

import (
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// What publishing a pack takes beside it: the mark of unfinished work, the list of packs, the
// branch and its log, and the locks of both. A pack that left less would be there, and could not be
// made part of the history.
const spareBytes = 64 << 10

// CheckSpareSpace is an error where the disk has no room to publish a pack that is written. Nothing
// at all may be how a file system says that it does not know; where it is so the next write fails.
func (r *Dest) CheckSpareSpace() error {
	if bytes, ok := r.Folder.Room(); ok && bytes > 0 && bytes < spareBytes {
		return &fs.PathError{Op: "publish", Path: r.Path, Err: unix.ENOSPC}
	}
	return nil
}

// FreeSpace is how many bytes can still be written to the destination's disk, and how many it has
// in all; false where the file system does not say.
func (r *Dest) FreeSpace() (free, size int64, ok bool) {
	_, size, err := r.Folder.Free()
	free, ok = r.Folder.Room()
	return free, size, ok && err == nil
}

// FullError is a full disk's error in place of err, which may name files that mean nothing to
// anybody; err where it is none.
func (r *Dest) FullError(err error) error {
	if full := durable.FullDisk(err); full != nil {
		return &refusal.Error{Kind: refusal.Full, Dest: r.Path, Msg: fmt.Sprintf("destination %s has no room", record.Quote(r.Path)), Err: full,
			Remedy: r.Remedy(refusal.FreeSpace, "")}
	}
	return err
}
