package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"time"

	"timemachine/repo"
	"timemachine/repo/history"
	"timemachine/repo/restore"
	"timemachine/watch/config"
	"timemachine/watch/own"
	"timemachine/watch/pattern"
	"timemachine/watch/scan"
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
	Overwrite  restore.Overwrite
	DryRun     bool // plan only
	Clock      func() time.Time
	Log        func(msg string, args ...any) // important actions; nil: none
	Report     Reporter                      // for the runs that record; never nil
	Done       func(*restore.Step)           // called after each step; never nil
}

// Restore brings versions back. Where files are restored in place, the present state of each file
// that is about to be replaced is recorded first, watched or not. A file that cannot be recorded
// stays, unless all is to be overwritten; so does one whose content changes after it was recorded.
// The caller closes the plan, which tells what was done. The error means that the restore failed as
// a whole.
func Restore(ctx context.Context, o RestoreOptions) (*restore.Plan, error) {
	ro := restore.Options{To: o.To, Overwrite: o.Overwrite, Log: o.Log}
	if o.Config != nil {
		ro.Followed = o.Config.HasRoot
		ro.Extra = func(path string) bool { return o.Config.Select(path) != nil }
	}
	if uid := os.Geteuid(); uid == 0 {
		if owner, err := o.History.CheckWriters(ctx, uid, o.At); err != nil {
			ro.Limit = &restore.Limit{Owner: owner, Why: err}
		}
	}
	records := o.Repo != nil && !o.DryRun && ro.InPlace()
	if records {
		if _, err := o.Repo.Lock(ctx, repo.WriteOptions{}); err != nil {
			return nil, err
		}
	}
	p, err := restore.NewPlan(ctx, o.History, o.Selections, ro)
	switch {
	case err != nil:
		return p, err
	case records:
		err = o.recordReplaced(ctx, p)
	case !o.DryRun || !ro.InPlace():
		err = p.ConfirmStored()
	}
	if err != nil || o.DryRun {
		return p, err
	}
	if err = p.Write(ctx, o.Done); err == nil && records {
		err = o.recordRestored(ctx, p)
	}
	return p, err
}

// recordReplaced makes a run over what the plan replaces. The run reads each file, whatever its
// stat says: content can change without it.
func (o *RestoreOptions) recordReplaced(ctx context.Context, p *restore.Plan) error {
	sum, failed, err := o.record(ctx, p.Replaced(), true)
	if err == nil {
		p.ConfirmRecorded(sum.Contents, failed)
	}
	return err
}

// recordRestored makes a run over the restored files. Without it, the newest version would be the
// replaced one, and the same restore again would bring that back.
func (o *RestoreOptions) recordRestored(ctx context.Context, p *restore.Plan) error {
	_, failed, err := o.record(ctx, p.Restored(), false)
	for path, why := range failed {
		o.Report.Problem(scan.Problem{Path: path, Msg: "is restored, but not recorded as it is now", Err: why, Warning: true})
	}
	return err
}

// record makes a run over paths, and returns the paths that it could not record. A path that the
// watch list does not select is recorded as if its folder were an entry.
func (o *RestoreOptions) record(ctx context.Context, paths []string, reread bool) (*Summary, map[string]error, error) {
	if len(paths) == 0 {
		return &Summary{}, nil, nil
	}
	c := config.Config{CopiesKeep: true}
	if o.Config != nil {
		c = *o.Config
	}
	folders := map[string]bool{}
	for _, path := range paths {
		folder := filepath.Dir(path)
		if c.Select(path) == nil && !folders[folder] {
			folders[folder] = true
			c.Entries = append(slices.Clip(c.Entries), &config.Entry{Text: folder, Glob: pattern.Glob{Root: folder}})
		}
	}
	failed := &unrecorded{Reporter: o.Report, paths: map[string]error{}}
	sum, err := Run(ctx, RunOptions{Config: &c, Repo: o.Repo, Own: o.Own, Wait: true, Only: paths, Reread: reread, Clock: o.Clock, Report: failed})
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
		f.paths[p.Path] = errors.New("its present state could not be recorded: it " + msg)
		return
	}
	f.Reporter.Problem(p)
}
