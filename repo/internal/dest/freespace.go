package dest

import (
	"errors"
	"fmt"
	"io/fs"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// spareBytes is the free space that publishing a pack needs beside the pack: for the pending mark,
// the list of packs, the branch, its reflog and the locks. With less, the pack would be stored and
// could not become part of the history.
const spareBytes = 64 << 10

// CheckSpareSpace fails where the free space is too small to publish a written pack. Zero bytes
// pass: some file systems say zero when they do not know, and on a full disk the next write fails.
func (r *Dest) CheckSpareSpace() error {
	if bytes, ok := r.Folder.FreeSpace(); ok && bytes > 0 && bytes < spareBytes {
		return &fs.PathError{Op: "publish", Path: r.Path, Err: unix.ENOSPC}
	}
	return nil
}

// FreeSpace is how many bytes this process can still write to the destination's disk, and the size
// of the disk in bytes. ok is false where the file system does not say.
func (r *Dest) FreeSpace() (free, size int64, ok bool) {
	s, err := r.Folder.DiskSpace()
	free, ok = r.Folder.FreeSpace()
	return free, s.Size, ok && err == nil
}

// FullError turns the error of a full disk into a refusal that names the destination. Every other
// error is returned as it is.
func (r *Dest) FullError(err error) error {
	full := error(unix.ENOSPC)
	switch {
	case !durable.IsFull(err):
		return err
	case !errors.Is(err, full):
		full = unix.EDQUOT
	}
	e := &refusal.Error{Kind: refusal.Full, Dest: r.Path, Msg: fmt.Sprintf("destination %s has no room", record.Quote(r.Path)), Err: full,
		Remedy: r.Remedy(refusal.FreeSpace, "")}
	if r.lacksInodes() {
		e.Msg = fmt.Sprintf("destination %s has no inode left for another file", record.Quote(r.Path))
		e.Remedy = r.Remedy(refusal.FreeInodes, "")
	}
	return e
}

// lacksInodes tells whether the disk has space for another pack, but not for its files.
func (r *Dest) lacksInodes() bool {
	s, err := r.Folder.DiskSpace()
	return err == nil && s.Inodes > 0 && s.FreeInodes < spareInodes && s.Free > spareBytes
}

const spareInodes = 16 // that a run takes: a pack's files, locks, and what replaces other files
