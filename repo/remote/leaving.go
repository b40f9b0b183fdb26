package remote

import (
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
	Commits        int
	Versions       int // commits with a record
	Sources        int
	PrivateSources int         // with a version that not everybody may read
	Private        []string    // some of them
	Large          []LargeFile // over 50 MiB, the largest first: GitHub warns of those
	Refused        int         // versions over 100 MiB, which most forges refuse

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
	walk := commits.Walk[commits.Parsed]{Commits: x.c, Make: commits.ParseVersion, Stop: func(id object.ID) bool { return at[id] },
		Visit: func(_ object.ID, p commits.Parsed) error {
			l.Commits++
			if p.CommitErr == nil && p.RecordErr == nil {
				l.add(&p.Version, seen)
			}
			return nil
		}}
	var err error
	if l.base, err = walk.Run(ctx, x.tip); err != nil {
		return nil, err
	}
	l.Sources = len(seen)
	slices.SortStableFunc(l.Large, func(a, b LargeFile) int { return int(b.Size>>20 - a.Size>>20) })
	return l, x.checkBefore(ctx, l.base, before)
}

// checkBefore makes sure that the remote's branch can move to the tip without losing a commit.
func (x *exchange) checkBefore(ctx context.Context, base, before object.ID) error {
	if before.IsZero() || base == before {
		return nil
	}
	held, err := x.c.Store.Has(before)
	if err != nil {
		return err
	}
	if held && !base.IsZero() { // another branch there is nearer
		walk := commits.Walk[struct{}]{Commits: x.c, Stop: func(id object.ID) bool { return id == before },
			Make: func(object.ID, []byte) struct{} { return struct{}{} }, Visit: func(object.ID, struct{}) error { return nil }}
		end, err := walk.Run(ctx, base)
		if err != nil || end == before {
			return err
		}
	}
	f := x.t.newFailure(OtherHistory, "", nil)
	seen := x.state.Seen
	switch {
	case held:
		f = x.t.newFailure(OtherHistory, fmt.Sprintf("commit %s was on the branch here before it was rewritten", before.Short()), nil)
	case !seen.IsZero():
		f = x.t.newFailure(OtherHistory, fmt.Sprintf("it was at %s after the last push, and is at %s: rewritten, or another machine pushes to it", seen.Short(), before.Short()), nil)
	}
	return f
}

// add counts a version.
func (l *Leaving) add(v *record.Version, seen map[string]bool) {
	l.Versions++
	private, known := seen[v.Source]
	if !v.Ends() && !v.Link && v.Mode&othersRead == 0 && !private {
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
	if v.Ends() || v.Size < largeFile {
		return
	}
	if v.Size > refusedFile {
		l.Refused++
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
				about = append(about, fmt.Sprintf("%s has %d MB in commit %s", record.Quote(f.Source), f.Size>>20, f.Commit.Short()))
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
