package remote

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/commits"
	"timemachine/repo/record"
)

// Leaving is what a push sends, in figures.
type Leaving struct {
	Versions       int // commits with a record
	Sources        int
	PrivateSources int         // with a version that not everybody may read
	Private        []string    // some of them
	Large          []LargeFile // over 50 MiB, the largest first: GitHub warns of those

	base object.ID // the first commit that the remote has; zero: none
}

// LargeFile is a version that a forge may refuse for its size.
type LargeFile struct {
	Source string
	Commit object.ID
	Size   int64
}

const (
	largeFile   = 50 << 20
	refusedFile = 100 << 20
	maxNamed    = 5 // sources of a kind that are named
	othersRead  = 0o004
)

// leaving looks at what the remote lacks. The error is a *Failure where the remote's branch holds
// another history.
func (x *exchange) leaving(ctx context.Context, has map[string]object.ID, before object.ID) (*Leaving, error) {
	at := map[object.ID]bool{}
	for _, id := range has {
		at[id] = true
	}
	l := &Leaving{}
	seen := map[string]bool{} // by source: whether it is private
	ends, err := ancestors(ctx, x.c, x.tip, func(id object.ID) bool { return at[id] }, func(_ object.ID, p commits.Parsed) error {
		if p.CommitErr == nil && p.RecordErr == nil {
			l.add(&p.Version, seen)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.Sources, l.base = len(seen), ends[0]
	slices.SortStableFunc(l.Large, func(a, b LargeFile) int { return int(b.Size>>20 - a.Size>>20) })
	if before.IsZero() || slices.Contains(ends, before) {
		return l, nil
	}
	return l, x.checkBefore(ctx, before)
}

// ancestors visits a commit and its ancestors, by any parent, but for those that stop selects and
// what only they lead to. ends are the commits where a line ended, zero after a root; the first is
// that of the line of first parents.
func ancestors(ctx context.Context, c *commits.Commits, tip object.ID, stop func(object.ID) bool, visit func(object.ID, commits.Parsed) error) (ends []object.ID, err error) {
	type commit struct {
		commits.Parsed
		others []object.ID
	}
	var visited map[object.ID]bool // nil: those in order
	var order []object.ID
	for lines := []object.ID{tip}; len(lines) > 0; lines = lines[1:] {
		walk := commits.Walk[commit]{Commits: c, Stop: func(id object.ID) bool { return stop(id) || visited[id] },
			Make: func(id object.ID, raw []byte) commit { return commit{commits.ParseVersion(id, raw), otherParents(raw)} },
			Visit: func(id object.ID, v commit) error {
				order, lines = append(order, id), append(lines, v.others...)
				return visit(id, v.Parsed)
			}}
		end, err := walk.Run(ctx, lines[0])
		if err != nil {
			return nil, err
		}
		ends = append(ends, end)
		if len(lines) > 1 { // there are merges
			if visited == nil {
				visited = map[object.ID]bool{}
			}
			for _, id := range order {
				visited[id] = true
			}
			order = nil
		}
	}
	return ends, nil
}

// otherParents are the parents of a commit but the first, from its raw body. Almost no commit has
// any.
func otherParents(raw []byte) []object.ID {
	const first, line = len("tree ") + 40 + 1, len("parent ") + 40 + 1
	if len(raw) < first+line || !bytes.HasPrefix(raw[first+line:], []byte("parent ")) {
		return nil
	}
	c, err := object.ParseCommit(raw)
	if err != nil || len(c.Parents) < 2 {
		return nil
	}
	return c.Parents[1:]
}

// checkBefore makes sure that the remote's branch can move to the tip without losing a commit.
func (x *exchange) checkBefore(ctx context.Context, before object.ID) error {
	held, err := x.c.Store.Has(before)
	if err != nil {
		return err
	}
	if held { // another branch there can be nearer
		ends, err := ancestors(ctx, x.c, x.tip, func(id object.ID) bool { return id == before }, func(object.ID, commits.Parsed) error { return nil })
		if err != nil || slices.Contains(ends, before) {
			return err
		}
		return x.t.newFailure(OtherHistory, fmt.Sprintf("commit %s was on the branch here before it was rewritten", before.Short()), nil)
	}
	if seen := x.state.Seen; !seen.IsZero() {
		return x.t.newFailure(OtherHistory, fmt.Sprintf("it was at %s after the last push, and is at %s: rewritten, or another machine pushes to it", seen.Short(), before.Short()), nil)
	}
	return x.t.newFailure(OtherHistory, "", nil)
}

// add counts a version.
func (l *Leaving) add(v *record.Version, seen map[string]bool) {
	l.Versions++
	// What is counted besides is files and links, and folders with attributes of users' programs.
	noted := v.Folder && !v.Ends() && slices.ContainsFunc(v.Xattrs, func(x record.Xattr) bool { return strings.HasPrefix(x.Name, "user.") })
	if v.IsOnlyFolder() && !noted {
		return
	}
	private, known := seen[v.Source]
	if (noted || v.HasContent() && !v.Link) && v.Mode&othersRead == 0 && !private {
		private = true
		l.PrivateSources++
		if len(l.Private) < maxNamed {
			l.Private = append(l.Private, v.Source)
		}
		known = false
	}
	if !known {
		seen[v.Source] = private
	}
	if !v.HasContent() || v.Size < largeFile {
		return
	}
	if v.Event == record.Touched || v.Event == record.Metadata {
		return // its content came before
	}
	if len(l.Large) < maxNamed || v.Size > refusedFile && len(l.Large) < 4*maxNamed {
		l.Large = append(l.Large, LargeFile{Source: v.Source, Commit: v.Commit, Size: v.Size})
	}
}

// privateText names some of the sources that not everybody may read.
func (l *Leaving) privateText() string {
	var names []string
	for _, s := range l.Private[:min(len(l.Private), 2)] {
		names = append(names, record.Quote(s))
	}
	return fmt.Sprintf("%d of %d, such as %s", l.PrivateSources, l.Sources, strings.Join(names, " and "))
}

var objectID = regexp.MustCompile(`\b[0-9a-f]{40}\b`)

// explain names the files and commits that a refusal is about: those over the usual limit, and
// those whose objects the remote names.
func (x *exchange) explain(ctx context.Context, l *Leaving, err error) error {
	failed, ok := err.(*Failure)
	if !ok || failed.Class() != Refused {
		return err
	}
	var about []string
	if failed.Reason == TooLarge {
		for _, f := range l.Large {
			if f.Size > refusedFile && len(about) < maxNamed {
				about = append(about, fmt.Sprintf("%s has %.1f MiB in commit %s", record.Quote(f.Source), float64(f.Size)/(1<<20), f.Commit.Short()))
			}
		}
	}
	named := map[object.ID]bool{}
	for _, line := range failed.Lines {
		for _, text := range objectID.FindAllString(line, maxNamed) {
			if id, err := object.ParseID(text); err == nil && len(named) < maxNamed {
				named[id] = true
			}
		}
	}
	if len(named) > 0 {
		walk := commits.Walk[commits.Parsed]{Commits: x.c, Make: commits.ParseVersion, Stop: func(id object.ID) bool { return id == l.base },
			Visit: func(id object.ID, p commits.Parsed) error {
				if p.CommitErr == nil && p.RecordErr == nil && (named[p.Blob] || named[id]) && len(about) < maxNamed {
					about = append(about, fmt.Sprintf("%s is %s in commit %s", p.Blob.Short(), record.Quote(p.Source), id.Short()))
				}
				return nil
			}}
		if _, werr := walk.Run(ctx, x.tip); werr != nil {
			return failed
		}
	}
	failed.About = about
	return failed
}
