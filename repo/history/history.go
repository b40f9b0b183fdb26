// Package history answers questions about a history: its versions, the state at a moment, renames
// and sizes, in a destination or any clone of one, and writes nothing.
package history

import (
	"context"
	"fmt"
	"io"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/versions"
	"timemachine/repo/record"
)

// History is a destination, or any clone of one, opened for reading. It takes no lock and writes
// nothing. It shows the branch as it was when it was opened. Only one goroutine may call its
// methods at a time.
type History struct {
	commits     *commits.Commits
	ownsCommits bool                   // Close closes commits
	read        *versions.Reader       // of commits
	runs        map[string]*earlierRun // the run before a run, by that run's name
}

// Heads are the newest commits of sources, as a cache has them that describes one commit. A history
// believes none of them: it reads the commit first.
type Heads = versions.Heads

// Head is the newest commit of one source, and the last content that the source had.
type Head = versions.Head

// UnknownError says that the history has no version of a path, nor of anything below it.
type UnknownError struct{ Path string }

func (e *UnknownError) Error() string { return "no version of " + record.Quote(e.Path) }

// BeforeError says that the history of a path begins after the point in question.
type BeforeError struct {
	Path  string
	First Entry // the first version of the path, or of anything below it
	Count int   // number of versions or runs, where the point is so many back; else 0
	Runs  bool  // Count is a number of runs
}

func (e *BeforeError) Error() string {
	switch {
	case e.Runs:
		return fmt.Sprintf("%s has changed in %s: @%d is the first", record.Quote(e.Path), runs(e.Count), e.Count-1)
	case e.Count == 1:
		return record.Quote(e.Path) + " has 1 version: @0 is its first"
	case e.Count > 1:
		return fmt.Sprintf("%s has %d versions: @%d is its first", record.Quote(e.Path), e.Count, e.Count-1)
	}
	return fmt.Sprintf("the history of %s begins later", record.Quote(e.Path))
}

// runs is a number of runs in words.
func runs(n int) string {
	if n == 1 {
		return "1 run"
	}
	return fmt.Sprint(n, " runs")
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
	h := newHistory(commits.New(dest.New(path, dest.Options{Log: o.Log}), o.Remembered), o)
	h.ownsCommits = true
	if err := h.open(o.Branch); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// New reads the history of an open destination as it is now. The caller closes the history first.
func New(c *commits.Commits, o Options) (*History, error) {
	h := newHistory(c, o)
	return h, h.readTip()
}

// newHistory is a history whose tip is not read yet.
func newHistory(c *commits.Commits, o Options) *History {
	return &History{commits: c, read: versions.New(c, o.Heads)}
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
func (h *History) Tip() object.ID { return h.read.Tip }

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
// symbolic link is its target. A deletion and a folder have none, which is an error. For a redacted
// version, Content streams what the rewritten commit holds. Other content than the version's ends
// in an error.
func (h *History) Content(v *record.Version) (io.ReadCloser, int64, error) {
	switch {
	case v.Ends():
		return nil, 0, fmt.Errorf("%q was deleted in %s: no content", v.Source, v.Commit.Short())
	case v.Folder:
		return nil, 0, fmt.Errorf("%q was a folder in %s: no content", v.Source, v.Commit.Short())
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
	if !v.HasContent() {
		return object.ID{}, false
	}
	if there, err := h.commits.Store.Has(v.Blob); there || err != nil {
		return object.ID{}, false
	}
	e, ok, err := h.read.TreeEntry(v.Commit, v.Source)
	return e.ID, err == nil && ok && !e.Mode.IsTree() && e.ID != v.Blob
}

// Commits returns the reader of the commits.
func (h *History) Commits() *commits.Commits { return h.commits }

// Has tells whether a content is stored.
func (h *History) Has(content object.ID) (bool, error) { return h.commits.Store.Has(content) }

// AttributeValue is the value of an attribute, which is in the record or in a blob.
func (h *History) AttributeValue(x *record.Xattr) (string, error) {
	if x.Blob.IsZero() {
		return x.Value, nil
	}
	src, size, err := h.commits.Store.Stream(x.Blob)
	if err != nil {
		return "", fmt.Errorf("value of attribute %q: %w", x.Name, err)
	}
	defer src.Close()
	if size > maxAttribute {
		return "", fmt.Errorf("value of attribute %q: over %d bytes", x.Name, maxAttribute)
	}
	b, err := io.ReadAll(object.NewBlobReader(src, size, x.Blob))
	return string(b), err
}

// maxAttribute is how long the value of an attribute can be (XATTR_SIZE_MAX of Linux).
const maxAttribute = 64 << 10

// Folder identifies the folder that holds the history.
func (h *History) Folder() (durable.Stat, error) { return h.commits.Folder.Lstat("") }
