// Package history answers questions about a history: its versions, the state at a moment, renames
// and sizes, in a destination or any clone of one, and writes nothing.
package history

import (
	"context"
	"fmt"
	"io"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/commitgraph"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// History is a destination, or any clone of one, that is asked and not changed: no lock is taken
// and nothing is written. It shows the branch as it was when it was opened. Its methods may not be
// called by several goroutines at once.
type History struct {
	commits   *commits.Commits
	hints     func(state *durable.Dir, path string) Heads
	own       bool // Close closes r
	bare      bool
	tip       object.ID
	shallow   map[object.ID]bool // commits whose parents a shallow clone left out
	hint      *headCache         // nil: not read yet
	kept      map[object.ID]located
	chain     *commitgraph.Chain // nil: there is none, or graphRead is false
	graphRead bool
	runs      map[string]*earlierRun // by a run's name, what is known of the one before it
}

// Heads is what somebody remembers of a history: the newest commit of each source, as of commit
// Tip. It is only ever used as a hint: what it says is looked up in the commits.
type Heads struct {
	Tip     object.ID
	Sources map[string]Head
}

// Head is the newest commit of one source, and the last content it had.
type Head struct {
	Commit  object.ID
	Blob    object.ID
	Deleted bool
}

// Entry is a version with its place in time.
type Entry struct {
	record.Version
	// Since is the moment from which on the version was in force: its mtime, where that lies
	// between the capture of the version before it and its own, else its capture. Of a Metadata
	// version it is the ctime, under the same rule, where the record tells it. A source's first
	// version, if it was not renamed, has no capture before it: its mtime counts unless it lies
	// after the capture, or before a run that looked and did not find it. Captures are exact to the
	// nanosecond where the records tell them, else to the second.
	Since time.Time
	// Before is the source's version before this one; nil for the first.
	Before *record.Version
}

// UnknownError says that the history has no version of a path, and none of anything below it.
type UnknownError struct{ Path string }

func (e *UnknownError) Error() string { return "no version of " + record.Quote(e.Path) }

// BeforeError says that a path's history begins after what was asked for.
type BeforeError struct {
	Path  string
	First Entry // its first version; of a folder, the first of anything below it
	Count int   // how many versions there are, where a number of versions was asked for; else 0
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

// AbsentError says that a path was deleted at the point that was asked for.
type AbsentError struct {
	Path    string
	Deleted Entry // the deletion in force then; its Before is the last version there was
}

func (e *AbsentError) Error() string { return record.Quote(e.Path) + " did not exist then" }

// Options is what a history needs from its surroundings. The zero value works.
type Options struct {
	Log func(msg string, args ...any) // important actions; nil: none

	// Heads tells what is remembered of the sources at and below path ("/": all), so that queries
	// need not search for them; state is .git/timemachine. nil, and a zero result: nothing.
	Heads func(state *durable.Dir, path string) Heads

	// Remembered is the commit that what is remembered is true of, zero for none; state is
	// .git/timemachine. nil: none.
	Remembered func(state *durable.Dir) object.ID
}

// Open opens a destination, or any clone of one, bare and shallow ones too, to be read. What cannot
// be read gives a *refusal.Error, one of kind NoVersions where nothing was recorded yet.
func Open(path string, o Options) (*History, error) {
	h := &History{commits: commits.New(dest.New(path, dest.Options{Log: o.Log}), o.Remembered), hints: o.Heads, own: true}
	if err := h.open(); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// New asks a destination that is open as it is now. It is good until that is closed.
func New(c *commits.Commits, o Options) (*History, error) {
	h := &History{commits: c, hints: o.Heads}
	return h, h.readTip()
}

// Close lets go of the destination.
func (h *History) Close() error {
	if !h.own {
		return nil
	}
	return h.commits.Close()
}

// Dest is the destination folder, as it was opened.
func (h *History) Dest() string { return h.commits.Path }

// Bare tells whether there is no work tree, only a repository.
func (h *History) Bare() bool { return h.bare }

// Shallow tells whether this is a clone that leaves older commits out.
func (h *History) Shallow() bool { return len(h.shallow) > 0 }

// Branch is the name of the branch that is read, without refs/heads/; "" where HEAD names a commit.
func (h *History) Branch() string { return h.commits.ShortBranch() }

// Tip is the newest commit.
func (h *History) Tip() object.ID { return h.tip }

// Walk is that of the commits.
func (h *History) Walk(ctx context.Context, tip, base object.ID, visit func(v record.Version, ours bool) error) error {
	return h.commits.Walk(ctx, tip, base, visit)
}

// Files lists what the tree of commit tip holds under files/, by tree path.
func (h *History) Files(tip object.ID) (map[string]object.TreeEntry, error) {
	return h.commits.Files(tip)
}

// Refresh looks again where the branch is.
func (h *History) Refresh() error { return h.readTip() }

// State is the open folder for what is ours and disposable under .git; nil where there is none.
func (h *History) State() *durable.Dir { return h.commits.StateDir }

// Content streams what a version held; of a symbolic link, its target. The second result is its
// size in bytes. A deletion holds nothing. Of a redacted version it is what stands in the content's
// place.
func (h *History) Content(v *record.Version) (io.ReadCloser, int64, error) {
	if v.Event == record.Deleted {
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
	return src, size, nil
}

// Redacted tells whether the history was rewritten so that a version's content is gone, and its
// commit has another one.
func (h *History) Redacted(v *record.Version) (object.ID, bool) {
	if there, err := h.commits.Store.Has(v.Blob); there || err != nil {
		return object.ID{}, false
	}
	e, ok, err := h.treeEntry(v.Commit, v.Source)
	return e.ID, err == nil && ok && !e.Mode.IsTree() && e.ID != v.Blob
}

// readTip finds where the branch is.
func (h *History) readTip() error {
	var err error
	if h.commits.Branch == "" {
		h.tip, err = h.detached()
		return err
	}
	if h.tip, err = h.commits.Tip(); err == nil && h.tip.IsZero() {
		return &refusal.Error{Kind: refusal.NoVersions, Dest: h.commits.Path, Msg: fmt.Sprintf("destination %s holds no versions yet", record.Quote(h.commits.Path)),
			Remedy: refusal.Remedy{Kind: refusal.RunFirst}}
	}
	return err
}

// Commits is what the history is read from.
func (h *History) Commits() *commits.Commits { return h.commits }

// Has tells whether a content is stored.
func (h *History) Has(content object.ID) (bool, error) { return h.commits.Store.Has(content) }

// Folder identifies the folder that holds the history.
func (h *History) Folder() (durable.Stat, error) { return h.commits.Folder.Lstat("") }
