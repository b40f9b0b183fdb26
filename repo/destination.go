package repo

import (
	"context"
	"io"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// Path is the destination folder, as it was opened.
func (r *Repo) Path() string { return r.work.DestPath() }

// Folders identifies the destination folder itself, whatever its name, and those of its folders
// that timemachine writes.
func (r *Repo) Folders() (folder durable.Stat, parts []durable.Stat, err error) {
	return r.work.Folders()
}

// State is the open folder .git/timemachine. What callers keep there must be disposable.
func (r *Repo) State() *durable.Dir { return r.work.State() }

// FreeSpace is how many bytes can still be written to the destination's disk, and how many it has
// in all; false where the file system does not say.
func (r *Repo) FreeSpace() (free, size int64, ok bool) { return r.work.FreeSpace() }

// FullError is a *refusal.Error of kind Full in place of an error of a full disk, which may name
// files that mean nothing to the user; err where it is none.
func (r *Repo) FullError(err error) error { return r.work.FullError(err) }

// Fold is path as the destination's file system compares names: folded where it takes A and a for
// one name.
func (r *Repo) Fold(path string) string { return r.work.Fold(path) }

// Walk calls visit for the commits from tip back to, but without, base, newest first, along first
// parents; a zero base means all. ours is false for a commit without a record. A base that is not
// among tip's ancestors is a *refusal.Error of kind Rewritten, reported after all were visited.
func (r *Repo) Walk(ctx context.Context, tip, base object.ID, visit func(v record.Version, ours bool) error) error {
	return r.work.Walk(ctx, tip, base, visit)
}

// Version is the version that a commit carries.
func (r *Repo) Version(id object.ID) (record.Version, error) {
	c, err := r.work.Store.ReadCommit(id)
	if err != nil {
		return record.Version{}, err
	}
	return record.OfCommit(id, c)
}

// ReadBlob reads a content of up to max bytes. Error: object.ErrTooBig, besides those of a content
// that is missing or damaged.
func (r *Repo) ReadBlob(id object.ID, max int64) ([]byte, error) {
	src, size, err := r.work.Store.Stream(id)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	if size > max {
		return nil, object.ErrTooBig
	}
	return io.ReadAll(object.NewBlobReader(src, size, id))
}

// Files lists what the tree of commit tip holds under files/, by tree path.
func (r *Repo) Files(tip object.ID) (map[string]object.TreeEntry, error) { return r.work.Files(tip) }

// Owner is the user that the repository belongs to.
func (r *Repo) Owner() (uid uint32, err error) { return r.work.OwnerUID() }

// WhenIdle calls look, again and again, until it finds everything right or no run was at work
// meanwhile; rest tells whether one of them is so. It gives up after a minute.
func (r *Repo) WhenIdle(ctx context.Context, look func() (right bool, err error)) (rest bool, err error) {
	return r.work.WhenIdle(ctx, look)
}
