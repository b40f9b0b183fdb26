package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"timemachine/repo"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/restore"
	"timemachine/repo/restore/rights"
	"timemachine/watch/capture"
	"timemachine/watch/config"
	"timemachine/watch/disk"
	"timemachine/watch/own"
	"timemachine/watch/pattern"
	"timemachine/watch/scan"

	"golang.org/x/sys/unix"
)

// RestoreOptions says which versions to restore, and where.
type RestoreOptions struct {
	History    *history.History
	Repo       *repo.Repo     // records what a restore replaces; nil: it cannot be recorded here
	Config     *config.Config // nil: nothing is watched
	Own        own.Places     // what this process writes, which is never a source
	At         history.Point  // what Selections were selected by
	Selections []restore.Selection
	To         string
	Place      func(source string) string // as in restore.Options
	Overwrite  restore.Overwrite
	Exact      bool // as in restore.Options
	DryRun     bool // plan only
	// Part says that the selections are not all that was there: what they lack is nothing extra.
	Part bool
	// Confirm is called with the plan before anything is changed; its error ends the restore. nil:
	// nothing has to be confirmed.
	Confirm func(*restore.Plan) error
	Clock   func() time.Time
	Log     func(msg string, args ...any) // important actions; nil: none
	Report  Reporter                      // for the runs that record; never nil
	Done    func(*restore.Step)           // called after each step; never nil
}

// Restore brings versions back. Where files are restored in place, the present state of each file
// that is about to be replaced is recorded first, watched or not. A file that cannot be recorded
// stays, unless all is to be overwritten; so does one whose content changes after it was recorded.
// The caller closes the plan, which tells what was done. The error means that the restore failed as
// a whole.
func Restore(ctx context.Context, o RestoreOptions) (*restore.Plan, error) {
	ro := restore.Options{To: o.To, Place: o.Place, Overwrite: o.Overwrite, Exact: o.Exact, Log: o.Log}
	if o.Config != nil {
		ro.Followed = o.Config.HasRoot
		ours := o.Own.Find(o.History.Dest())
		ro.Extra = func(path string) bool {
			return o.Config.Select(path) != nil && !ours.HasFile(path, disk.Inode{})
		}
	}
	if ro.Attributes = (&config.Config{}).KeepsXattr; o.Config != nil {
		ro.Attributes = o.Config.KeepsXattr
	}
	ro.Since, ro.HasSize = o.since(), o.hasSize(ctx)
	ro.HadNone = func(e *history.Entry, changed time.Time) bool { return o.hadNone(ctx, e, changed) }
	at := o.At
	if at.Back > 0 {
		at = history.Point{Time: ro.Since}
	}
	ro.FolderOf = func(path string) (history.Entry, bool, error) { return o.History.FolderOf(ctx, path, at) }
	if !o.History.IsOther() && o.History.State() != nil {
		ro.OtherNames = func(files []*record.Record) map[string][]string { return findNames(ctx, o.History, at, files) }
	}
	if !ro.InPlace() { // what is on the watch list tells nothing of the files there
		ro.Extra = nil
	}
	if o.Part {
		ro.Extra = func(string) bool { return false }
	}
	owner, err := o.History.CheckWriters(ctx, os.Geteuid(), o.At)
	root := os.Geteuid() == 0
	// Who has written what a clone has is not known.
	ro.Foreign = err != nil || !root && o.History.State() == nil
	if err != nil && root {
		ro.Limit = &rights.Limit{Owner: owner, Why: err}
	}
	records := o.Repo != nil && !o.DryRun && ro.InPlace()
	if records {
		if _, err := o.Repo.Lock(ctx, repo.WriteOptions{}); err != nil {
			return nil, err
		}
	}
	opened := map[string]uint32{}
	p, err := o.restoreOnce(ctx, ro, records, opened)
	for left := closed(p, opened); err == nil && !o.DryRun && len(left) > 0; {
		// What was closed to this user may be open by now.
		next, nerr := o.restoreOnce(ctx, ro, records, opened)
		if nerr != nil && !next.Begun { // not confirmed, say: what the first one has done stands
			next.Close()
			return p, ctx.Err()
		}
		before := left
		left, err = closed(next, opened), nerr
		merge(p, next)
		next.Close()
		if slices.Equal(left, before) {
			break
		}
	}
	return p, err
}

// closed lists the targets of a plan that this user could not look at, and which of them can be
// looked at by now. Of files among these, it notes in opened which mode they had.
func closed(p *restore.Plan, opened map[string]uint32) (targets []string) {
	for i := range p.Steps {
		if mode, file := p.Steps[i].ModeBefore(); file {
			opened[p.Steps[i].Target] = mode
		}
		switch s := &p.Steps[i]; {
		case errors.Is(s.Err, restore.ErrOpened):
			targets = append(targets, s.Target+"/") // which no target is
		case errors.Is(s.Err, unix.EACCES):
			targets = append(targets, s.Target)
		}
	}
	return targets
}

// restoreOnce plans, and carries the plan out.
func (o *RestoreOptions) restoreOnce(ctx context.Context, ro restore.Options, records bool, opened map[string]uint32) (*restore.Plan, error) {
	p, err := restore.NewPlan(ctx, o.History, o.Selections, ro)
	if err == nil && !o.DryRun && o.Confirm != nil {
		err = o.Confirm(p)
	}
	switch {
	case err != nil:
		return p, err
	case records:
		err = o.recordReplaced(ctx, p, opened)
	case !o.DryRun || !ro.InPlace():
		err = p.ConfirmStored()
	default:
		p.Foretell(o.unrecordable)
	}
	if err != nil || o.DryRun {
		return p, err
	}
	if err = p.Write(ctx, o.Done); err == nil && records {
		err = o.recordRestored(ctx, p)
	}
	return p, err
}

// unrecordable tells why a run cannot record what is at a path: its size, or that this user may not
// read it.
func (o *RestoreOptions) unrecordable(path string, present *durable.Stat) error {
	if !present.IsRegular() {
		return nil
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err == nil {
		unix.Close(fd)
	} else if errors.Is(err, unix.EACCES) {
		return unrecordedError("cannot be read: " + err.Error())
	}
	if _, whole, ok := o.History.Commits().FreeSpace(); ok && present.Size > whole {
		return unrecordedError(largerThanDisk)
	}
	if o.Config != nil && o.Config.MaxSize > 0 && present.Size > o.Config.MaxSize {
		return unrecordedError(capture.TooLarge(o.Config.MaxSize))
	}
	return nil
}

// unrecordedError is that of a step whose path is not recorded. msg is what a run says of it.
func unrecordedError(msg string) error {
	return errors.New("its present state cannot be recorded: it " + msg)
}

// hasSize tells whether some version has so many bytes. It walks through the history once.
func (o *RestoreOptions) hasSize(ctx context.Context) func(size int64) (bool, error) {
	sizes := sync.OnceValues(func() (map[int64]bool, error) {
		all := map[int64]bool{}
		err := o.History.Walk(ctx, o.History.Tip(), object.ID{}, func(v record.Version, _ bool) error {
			all[v.Size] = true
			return nil
		})
		return all, err
	})
	return func(size int64) (bool, error) {
		all, err := sizes()
		return all[size], err
	}
}

// merge adds to a plan that was carried out what a second one for the same versions has done.
func merge(p, next *restore.Plan) {
	stands := map[string]bool{}
	p.Steps = slices.DeleteFunc(p.Steps, func(s restore.Step) bool {
		stands[s.Target] = s.Err == nil
		return s.Err != nil
	})
	for i := range next.Steps {
		if s := &next.Steps[i]; !stands[s.Target] {
			p.Steps = append(p.Steps, *s)
		}
	}
	slices.SortStableFunc(p.Steps, func(a, b restore.Step) int { return strings.Compare(a.Target, b.Target) })
	p.Parents, p.Extra, p.ExtraFolders = append(p.Parents, next.Parents...), next.Extra, next.ExtraFolders
	for _, note := range next.Notes {
		if !slices.Contains(p.Notes, note) {
			p.Notes = append(p.Notes, note)
		}
	}
}

// hadNone tells of a version without attributes that its source had none then. It has some now,
// and became what it is now at a moment; zero: that does not matter. They were there unrecorded
// where they are older than the capture of a version without them: an early timemachine recorded
// none.
func (o *RestoreOptions) hadNone(ctx context.Context, e *history.Entry, changed time.Time) bool {
	newest, err := o.History.At(ctx, e.Source, history.Point{})
	if err != nil { // it is deleted, and what is there now came later
		return changed.After(e.CaptureTime())
	}
	since := changed
	for v, err := range o.History.Lineage(ctx, &newest) {
		switch {
		case err != nil:
			return false
		case len(v.Xattrs) == 0:
			if !since.IsZero() && !since.After(v.CaptureTime()) {
				return false
			}
			since = time.Time{}
		case v.Event == record.Metadata:
			since = v.Changed
		default:
			since = time.Time{}
		}
		if v.Commit == e.Commit {
			break
		}
	}
	return true
}

// since is a moment at which all selected versions were in force: the one they were selected for,
// now for the newest, else the latest capture of any.
func (o *RestoreOptions) since() time.Time {
	switch {
	case o.At == (history.Point{}):
		return o.Clock()
	case !o.At.Time.IsZero():
		return o.At.Time
	}
	var last time.Time
	for i := range o.Selections {
		for j := range o.Selections[i].Entries {
			if at := o.Selections[i].Entries[j].CaptureTime(); at.After(last) {
				last = at
			}
		}
	}
	return last
}

// recordReplaced makes a run over what the plan replaces. The run reads each file, whatever its
// stat says: content can change without it.
func (o *RestoreOptions) recordReplaced(ctx context.Context, p *restore.Plan, opened map[string]uint32) error {
	files, folders := p.Replaced()
	sum, failed, err := o.record(ctx, RunOptions{Only: files, OnlyFolders: folders, Reread: true, Opened: opened})
	if err == nil {
		p.ConfirmRecorded(sum.Contents, failed)
	}
	return err
}

// recordRestored makes a run over the restored files. Without it, the newest version would be the
// replaced one, and the same restore again would bring that back.
func (o *RestoreOptions) recordRestored(ctx context.Context, p *restore.Plan) error {
	files, folders, commits := p.Restored()
	var removed []string
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Action == restore.Remove && s.Err == nil {
			removed = append(removed, s.Target)
		}
	}
	_, failed, err := o.record(ctx, RunOptions{Only: files, OnlyFolders: folders, Restored: commits, Removed: removed})
	for path, why := range failed {
		o.Report.Problem(scan.Problem{Path: path, Msg: "is restored, but not recorded as it is now", Err: why, Warning: true})
	}
	return err
}

// record makes a run over the paths in ro, and returns those that it could not record. A path that
// the watch list does not select is recorded as if its folder were an entry, or as one if it is a
// folder.
func (o *RestoreOptions) record(ctx context.Context, ro RunOptions) (*Summary, map[string]error, error) {
	if len(ro.Only)+len(ro.OnlyFolders)+len(ro.Removed) == 0 {
		return &Summary{Contents: map[string]object.ID{}}, nil, nil
	}
	c := config.Config{}
	if o.Config != nil {
		c = *o.Config
	}
	folders := map[string]bool{}
	add := func(folder string) {
		if !folders[folder] {
			folders[folder] = true
			c.Entries = append(slices.Clip(c.Entries), &config.Entry{Text: folder, Glob: pattern.Glob{Root: folder}})
		}
	}
	for _, path := range ro.Only {
		if c.Select(path) == nil {
			add(filepath.Dir(path))
		}
	}
	for _, path := range ro.OnlyFolders {
		if c.SelectFolder(path) == nil {
			add(path)
		}
	}
	failed := &unrecorded{Reporter: o.Report, paths: map[string]error{}}
	ro.Config, ro.Repo, ro.Own, ro.Wait, ro.Clock, ro.Report = &c, o.Repo, o.Own, true, o.Clock, failed
	sum, err := Run(ctx, ro)
	return sum, failed.paths, err
}

// unrecorded is a Reporter that collects the paths that a run could not record.
type unrecorded struct {
	Reporter
	paths map[string]error
}

// Problem collects the path of a problem that is no warning.
func (f *unrecorded) Problem(p scan.Problem) {
	if !p.Warning {
		msg := p.Msg
		if p.Err != nil {
			msg += ": " + p.Err.Error()
		}
		f.paths[p.Path] = unrecordedError(msg)
		return
	}
	f.Reporter.Problem(p)
}
