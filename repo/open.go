package repo

import (
	"errors"

	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/maintenance"
	"timemachine/repo/internal/projection"
)

// Repo is an open destination.
type Repo struct {
	work        *projection.Projection
	maintenance *maintenance.Maintenance
	opts        Options
}

func newRepo(path string, o Options) *Repo {
	o = o.withDefaults()
	c := commits.New(dest.New(path, dest.Options{Clock: o.Clock, Boot: o.Boot, Log: o.Log, Warn: o.Warn, Exclude: o.Exclude, Waiting: o.Waiting}), o.Remembered)
	return &Repo{work: projection.New(c), maintenance: maintenance.New(c), opts: o}
}

// Init makes the folder path, closed to others, where its parent exists, and a new repository in
// it. An existing repository is a *refusal.Error. An Init that is cut short leaves no half of one.
func Init(path string, o Options) error { return dest.Make(path, o.Exclude, nil) }

// Adopt takes over a clone of a history, or a history whose branch was rewritten: the branch that
// HEAD names becomes the recorded one. What earlier runs have learnt is forgotten, so that the next
// run learns it from the commits.
func Adopt(path string, o Options) error {
	r := newRepo(path, o)
	return errors.Join(r.work.Adopt(), r.Close())
}

// Open opens the destination at path. A destination that cannot be used as it is gives a
// *refusal.Error.
func Open(path string, o Options) (*Repo, error) {
	r := newRepo(path, o)
	if err := r.work.OpenWriter(); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// Close gives up the lock, closes what is open, and ends every Writer.
func (r *Repo) Close() error { return r.work.Close() }
