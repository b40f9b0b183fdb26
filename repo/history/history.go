// Package history answers questions about a history: its versions, the state at a moment, renames
// and sizes, in a destination or any clone of one, and writes nothing.
package history

import (
	"context"
	"fmt"
	"io"

	"timemachine/repo/durable"
	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
)

// History is a destination, or any clone of one, opened for reading. It takes no lock and writes
// nothing. It shows the branch as it was when it was opened. Only one goroutine may call its
// methods at a time.
type History struct {
	commits     *commits.Commits
	loadHeads   func(state *durable.Dir, path string) Heads
	ownsCommits bool // Close closes commits
	tip         object.ID
	headCache   *headCache // nil: the cache was not read yet
	preread     map[object.ID]located
	chain       *commitgraph.Chain // nil: there is none, or graphRead is false
	graphRead   bool
	runs        map[string]*earlierRun // the run before a run, by that run's name
}

// UnknownError says that the history has no version of a path, nor of anything below it.
type UnknownError struct{ Path string }

func (e *UnknownError) Error() string { return "no version of " + record.Quote(e.Path) }

// BeforeError says that the history of a path begins after the point in question.
type BeforeError struct {
	Path  string
	First Entry // the first version of the path, or of anything below it
	Count int   // number of versions, where the point is a number of versions back; else 0
}

func (e *BeforeError) Error() string {
	switch {
	case e.Count == 1:
		return record.Quote(e.Path) + " has 1 version: @0 is its first"
	case e.Count > 1:
		return fmt.Sprintf("%s has %d versions: @%d is its first", record.Quote(e.Path), e.Count, e.Count-1)
	}
	return fmt.Sprintf("the history of %s begins later", record.Quote(e.Path))
}

// AbsentError says that a path was deleted at the point in question.
type AbsentError struct {
	Path    string
	Deleted Entry // the deletion in force; its Before is the version before that
}

func (e *AbsentError) Error() string { return record.Quote(e.Path) + " did not exist then" }

// Options is what a history needs from its caller. The zero value works.
type Options struct {
	Log func(msg string, args ...any) // important actions; nil: none

	// Branch is the branch to read: its full name, that below refs/heads/ or refs/remotes/, or that
	// at the only remote that has it. "": the recorded one, else the one that HEAD names. New does
	// not use it.
	Branch string

	// Heads reads from a cache in state, which is .git/timemachine, the newest commits of the
	// sources at and below path ("/": all), so that queries need not search for them. nil, and a
	// zero result: there is no cache.
	Heads func(state *durable.Dir, path string) Heads

	// Remembered reads the commit that the cache describes; zero for none. nil: there is no cache.
	Remembered func(state *durable.Dir) object.ID
}

// Open opens a destination, or any clone of one, bare and shallow ones too. The error is a
// *refusal.Error where the destination cannot be read: of kind NoVersions before the first
// version, of kind Foreign where timemachine did not make the repository, and of kind NoBranch
// where the branch is missing or holds no history, but others may.
func Open(path string, o Options) (*History, error) {
	h := &History{commits: commits.New(dest.New(path, dest.Options{Log: o.Log}), o.Remembered), loadHeads: o.Heads, ownsCommits: true}
	if err := h.open(o.Branch); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// New reads the history of an open destination as it is now. The caller closes the history first.
func New(c *commits.Commits, o Options) (*History, error) {
	h := &History{commits: c, loadHeads: o.Heads}
	return h, h.readTip()
}

// Close closes the destination that Open opened.
func (h *History) Close() error {
	if !h.ownsCommits {
		return nil
	}
	return h.commits.Close()
}

// Dest is the destination folder, as it was opened.
func (h *History) Dest() string { return h.commits.Path }

// Shallow tells whether this is a clone without the older commits.
func (h *History) Shallow() bool { return len(h.commits.Shallow) > 0 }

// Branch is the branch that is read, without refs/heads/ or refs/remotes/; "" where HEAD names a
// commit.
func (h *History) Branch() string { return h.commits.ShortBranch() }

// IsOther tells whether the branch is another than the recorded one, or than HEAD's where none is
// recorded.
func (h *History) IsOther() bool { return h.commits.Other }

// Tip is the newest commit.
func (h *History) Tip() object.ID { return h.tip }

// Walk visits the commits from tip back to base, as commits.Commits.Walk does.
func (h *History) Walk(ctx context.Context, tip, base object.ID, visit func(v record.Version, recorded bool) error) error {
	return h.commits.Walk(ctx, tip, base, visit)
}

// Files lists what the tree of commit tip holds under files/, by tree path.
func (h *History) Files(tip object.ID) (map[string]object.TreeEntry, error) {
	return h.commits.Files(tip)
}

// Refresh reads the tip of the branch again.
func (h *History) Refresh() error { return h.readTip() }

// State is the open folder .git/timemachine; nil where it is missing.
func (h *History) State() *durable.Dir { return h.commits.StateDir }

// Content streams the content of a version and returns its size in bytes. The content of a
// symbolic link is its target. A deletion has none, which is an error. For a redacted version,
// Content streams what the rewritten commit holds. Other content than the version's ends in an
// error.
func (h *History) Content(v *record.Version) (io.ReadCloser, int64, error) {
	if v.Ends() {
		return nil, 0, fmt.Errorf("%q was deleted in %s: no content", v.Source, v.Commit.Short())
	}
	blob := v.Blob
	if other, redacted := h.Redacted(v); redacted {
		blob = other
	}
	src, size, err := h.commits.Store.Stream(blob)
	if err != nil {
		return nil, 0, fmt.Errorf("content of %q in %s: %w", v.Source, v.Commit.Short(), err)
	}
	return object.NewBlobReader(src, size, blob), size, nil
}

// Redacted tells whether a rewritten history no longer holds a version's content, and returns the
// content that its commit holds instead.
func (h *History) Redacted(v *record.Version) (object.ID, bool) {
	if there, err := h.commits.Store.Has(v.Blob); there || err != nil {
		return object.ID{}, false
	}
	e, ok, err := h.treeEntry(v.Commit, v.Source)
	return e.ID, err == nil && ok && !e.Mode.IsTree() && e.ID != v.Blob
}

// Commits returns the reader of the commits.
func (h *History) Commits() *commits.Commits { return h.commits }

// Has tells whether a content is stored.
func (h *History) Has(content object.ID) (bool, error) { return h.commits.Store.Has(content) }

// Folder identifies the folder that holds the history.
func (h *History) Folder() (durable.Stat, error) { return h.commits.Folder.Lstat("") }
