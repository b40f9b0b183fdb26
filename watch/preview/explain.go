package preview

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/watch/capture"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
	"timemachine/watch/scan"
	"timemachine/watch/slow"
)

// Reason says what a run does with a path, and why.
type Reason string

// The reasons. Those of Explanation.At are about a folder above the path, or about the path itself.
const (
	Recorded      Reason = "recorded"
	FolderScanned Reason = "folder"       // the path is a folder, and a run scans what is in it
	Unwatched     Reason = "unwatched"    // no entry names it
	Excluded      Reason = "excluded"     // Rule leaves out At
	Own           Reason = "own"          // At is timemachine's own
	Pseudo        Reason = "pseudo"       // At is on a file system like /proc
	BehindLink    Reason = "behind-link"  // At is a link, which a walk does not follow
	LedThrough    Reason = "led-through"  // a link that entries lead through: counts as a folder
	Missing       Reason = "missing"      // At does not exist
	NoFolder      Reason = "no-folder"    // At, where the pattern begins, is no folder
	Special       Reason = "special"      // a FIFO, socket or device
	TooLarge      Reason = "too-large"    // larger than max-size
	TooLong       Reason = "too-long"     // the path is longer than the system takes
	Unreadable    Reason = "unreadable"   // At cannot be read
	OwnerMayNot   Reason = "owner-barred" // the destination's owner may not read it
	TooSlow       Reason = "too-slow"     // it took too long to read, and is tried again later
)

// Explanation says what a run would do with one path.
type Explanation struct {
	Path    string
	Reason  Reason
	At      string        // the path, or the folder above it that decides
	Entry   *config.Entry // that names the path or decides about it; nil: none
	Rule    *config.Rule  // with Excluded
	Problem *scan.Problem // what a run reports of it; nil: nothing
	Folder  bool          // the path is a folder
	Stat    disk.Stat     // of the file, where it was seen
}

// explained is an Explanation by one entry, and how much it counts for a run.
type explained struct {
	Explanation
	found  bool // a scan finds it there, although a run may fail to record it
	listed bool // the entry names it, which wins over entries that contain it
	pseudo bool
}

// Explain returns what a run would do with a path, absolute and clean. It looks at that path and
// the folders above it only. dest is the destination and h its history; nil: nothing is recorded
// yet. Nothing is read or written.
func Explain(ctx context.Context, c *config.Config, h *history.History, dest string, o own.Places, path string, now time.Time) (*Explanation, error) {
	x := &explainer{config: c, looker: newLooker(ctx, c, o.Find(dest), now)}
	got := x.choose(path)
	if got.Reason != Recorded {
		return &got.Explanation, nil
	}
	if got.Stat.IsLink() && x.isLedThrough(ctx, path) {
		got.Reason = LedThrough
		return &got.Explanation, nil
	}
	known := slow.Sources{}
	if h != nil {
		if h.State() != nil {
			known = slow.Read(h.State())
		}
		owner, _ := h.CheckWriters(ctx, 0, history.Point{}) // whoever can have written it
		var err error
		if x.capturer.Reader, err = capture.NewDestReader(uint32(owner.UID)); err != nil {
			return nil, err
		}
		defer x.capturer.Reader.Close()
	}
	f := scan.File{Path: path, Stat: got.Stat, Entry: got.Entry, Listed: got.listed, Pseudo: got.pseudo}
	if s, is := known[path]; is && s.IsPaused(&f, now) {
		p := s.Problem(path, now)
		got.Reason, got.Problem = TooSlow, &p
		return &got.Explanation, nil
	}
	_, got.Reason, got.Problem = x.look(&f)
	return &got.Explanation, ctx.Err()
}

// explainer explains paths as a scan would find them.
type explainer struct {
	looker
	config *config.Config
	stats  disk.Looker
}

// choose returns the explanation by the entry that counts, as scan.All chooses: of the entries that
// find the path the first, or one that names it; else the first that has a reason to leave it out.
func (x *explainer) choose(path string) explained {
	best := explained{Explanation: Explanation{Path: path, At: path, Reason: Unwatched}}
	for _, e := range x.config.Entries {
		got := x.explain(e, path)
		got.Path, got.Entry = path, e
		switch {
		case got.Reason == Unwatched:
		case got.found && (!best.found || got.listed && !best.listed),
			!best.found && (best.Reason == Unwatched || got.Reason == FolderScanned && best.Reason != FolderScanned):
			best = got
		}
	}
	return best
}

// isLedThrough tells whether an entry leads through the link at path to a source below it.
func (x *explainer) isLedThrough(ctx context.Context, path string) bool {
	below := &config.Config{}
	for _, e := range x.config.Entries {
		if disk.Inside(e.Root, path) {
			below.Entries = append(below.Entries, e)
		}
	}
	for _, s := range scan.SourcesByEntry(ctx, below, x.own) {
		if slices.ContainsFunc(s.Paths, func(source string) bool { return source != path && disk.Inside(source, path) }) {
			return true
		}
	}
	return false
}

// because makes an explanation with a problem that a run reports.
func because(reason Reason, at, msg string, err error) explained {
	return explained{Explanation: Explanation{At: at, Reason: reason, Problem: &scan.Problem{Path: at, Msg: msg, Err: durable.WithoutPath(err)}}}
}

// silent makes an explanation of what a run leaves out without a word.
func silent(reason Reason, at string) explained {
	return explained{Explanation: Explanation{At: at, Reason: reason}}
}

// explain returns what a scan of entry e finds at path.
func (x *explainer) explain(e *config.Entry, path string) explained {
	root := e.Root
	if !disk.Inside(path, root) {
		return silent(Unwatched, path)
	}
	st, err := x.stats.Stat(root, true)
	switch {
	case durable.IsNoEntry(err):
		if _, lerr := os.Lstat(root); lerr == nil {
			got := because(Unreadable, root, "is a link that leads nowhere", unix.ENOENT)
			got.found = root == path
			return got
		}
		return silent(Missing, root)
	case err != nil:
		got := because(Unreadable, root, "cannot be looked at", err)
		got.found = root == path
		return got
	case st.IsDir():
		return x.walk(e, path)
	case !e.IsLiteral():
		return because(NoFolder, root, "is not a folder", unix.ENOTDIR)
	case root != path:
		return silent(Missing, path)
	}
	if x.isOwnFile(path, &st) {
		return because(Own, path, own.ErrOwn.Error(), nil)
	}
	got := explained{found: true, listed: true, Explanation: Explanation{At: path, Reason: Recorded, Stat: st}}
	if got.pseudo = st.IsRegular() && disk.IsPseudoPath(path); !st.IsRegular() && !st.IsLink() {
		got.Reason, got.Problem = Special, &scan.Problem{Path: path, Msg: "is " + st.SpecialKind() + ": skipped"}
	}
	return got
}

// isOwnFile tells whether a listed file is timemachine's own, also through a link.
func (x *explainer) isOwnFile(path string, st *disk.Stat) bool {
	if x.own.HasFile(path, st.Inode()) {
		return true
	}
	real, err := filepath.EvalSymlinks(path)
	return err == nil && real != path && x.own.HasFile(real, st.Inode())
}

// walk goes from the folder at the entry's root to path, as a scan does on its way there.
func (x *explainer) walk(e *config.Entry, path string) explained {
	const flags = unix.O_RDONLY | unix.O_DIRECTORY
	at, matched := e.Root, e.IsLiteral() || e.Matches(e.Root)
	fd, err := disk.ReadThrough(at, flags, nil)
	f := walkedFolder{top: true}
	for {
		if err != nil {
			return because(Unreadable, at, "cannot be read", err)
		}
		got, ok := x.enter(e, at, fd, &f)
		if !ok || at == path {
			unix.Close(fd)
			got.Folder = at == path
			return got
		}
		rest, _ := strings.CutPrefix(path[len(at):], "/")
		name, _, _ := strings.Cut(rest, "/")
		next := filepath.Join(at, name)
		matched = matched || e.Matches(next)
		got, ok = x.child(e, next, fd, &f, matched, next == path)
		if !ok {
			unix.Close(fd)
			return got
		}
		deeper, oerr := disk.OpenToRead(fd, name, flags|unix.O_NOFOLLOW)
		unix.Close(fd)
		at, fd, err, f.top = next, deeper, oerr, false
	}
}

// walkedFolder is the folder that a walk is in.
type walkedFolder struct {
	top       bool // the root of the entry
	dev       uint64
	pseudo    bool // on a file system like /proc
	rootIsToo bool
	own       func(name string) bool
}

// enter looks whether a scan lists the open folder at, and fills in f. ok is false where it does
// not; else the explanation is that of the folder.
func (x *explainer) enter(e *config.Entry, at string, fd int, f *walkedFolder) (got explained, ok bool) {
	st, err := disk.StatFD(fd)
	if err != nil {
		return because(Unreadable, at, "cannot be looked at", err), false
	}
	if f.top && x.own.CheckFolder(fd) != nil {
		return because(Own, at, own.ErrOwn.Error(), nil), false
	}
	f.pseudo = (st.Dev != f.dev || f.rootIsToo) && disk.IsPseudo(fd)
	if f.top {
		f.rootIsToo = f.pseudo
	}
	isDest, isRoot := st.Inode() == x.own.Dest, at == e.Root
	switch {
	case isDest && !(isRoot && !e.IsLiteral()), x.own.HasFolder(st.Inode()):
		return silent(Own, at), false
	case f.pseudo && !f.rootIsToo:
		return silent(Pseudo, at), false
	}
	f.dev, f.own = st.Dev, x.own.Names(st.Inode())
	return silent(FolderScanned, at), true
}

// child looks at a name in the open folder fd. ok is true for a folder that a scan enters; else the
// explanation is that of path, which is the name itself where last is set.
func (x *explainer) child(e *config.Entry, path string, fd int, f *walkedFolder, matched, last bool) (got explained, ok bool) {
	name := disk.BaseName(path)
	if len(path) >= unix.PathMax {
		return silent(TooLong, path), false
	}
	if f.own != nil && f.own(name) {
		return silent(Own, path), false
	}
	st, err := disk.StatAt(fd, name, unix.AT_SYMLINK_NOFOLLOW)
	mayHold := matched || e.MayContain(path)
	isFile := last && !(err == nil && st.IsDir())
	switch rule := e.ExcludedBy(path, err == nil && st.IsDir()); {
	case durable.IsMissing(err) && !matched && (last || !mayHold):
		return silent(Unwatched, path), false
	case durable.IsMissing(err) && (rule == nil || !last || !matched):
		return silent(Missing, path), false
	case rule != nil && (matched || mayHold && !isFile):
		got = silent(Excluded, path)
		got.Rule, got.Folder = rule, last && st.IsDir()
		return got, false
	case err != nil && mayHold:
		got = because(Unreadable, path, "cannot be looked at", err)
		got.found = last
		return got, false
	case err != nil, st.IsDir() && !mayHold, !st.IsDir() && last && !matched:
		return silent(Unwatched, path), false
	case st.IsDir():
		return got, true
	case !last && st.IsLink():
		return silent(BehindLink, path), false
	case !last:
		return silent(Missing, path), false
	}
	got = explained{found: true, Explanation: Explanation{At: path, Reason: Recorded, Stat: st}}
	if !st.IsRegular() && !st.IsLink() {
		got.Reason = Special
		got.Problem = &scan.Problem{Path: path, Msg: "is " + st.SpecialKind() + ": skipped", Warning: true, Once: true}
	}
	got.pseudo = f.pseudo || st.IsRegular() && st.Dev != f.dev && disk.IsPseudoPath(path)
	return got, false
}
