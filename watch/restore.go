package watch

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"timemachine/repo"
	"timemachine/repo/history"
	"timemachine/repo/restore"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// RestoreOptions says which versions to restore, and where.
type RestoreOptions struct {
	History    *history.History
	Repo       *repo.Repo     // records what a restore replaces; nil: it cannot be recorded here
	Config     *config.Config // nil: nothing is watched
	Selections []restore.Selection
	To         string
	Overwrite  restore.Overwrite
	DryRun     bool // plan only
	Clock      func() time.Time
	Log        func(msg string, args ...any) // important actions; nil: none
	Report     Reporter                      // for the runs that record; never nil
	Done       func(*restore.Step)           // called after each step; never nil
}

// Restore writes versions back to disk. A restore in place first records each present file that it
// replaces, watched or not. It leaves a file alone that cannot be recorded, unless everything is to
// be overwritten. The plan says what was done, and the caller closes it. The error says that the
// restore failed as a whole.
func Restore(ctx context.Context, o RestoreOptions) (*restore.Plan, error) {
	ro := restore.Options{To: o.To, Overwrite: o.Overwrite, Log: o.Log}
	if o.Config != nil {
		ro.Followed = o.Config.HasRoot
		ro.Extra = func(path string) bool { return o.Config.Select(path) != nil }
	}
	writes := o.Repo != nil && !o.DryRun && ro.InPlace()
	if writes {
		if _, err := o.Repo.Lock(ctx, repo.WriteOptions{}); err != nil {
			return nil, err
		}
	}
	p, err := restore.Look(ctx, o.History, o.Selections, ro)
	if err != nil || o.DryRun {
		return p, err
	}
	switch {
	case writes:
		err = o.recordPresent(ctx, p)
	case ro.InPlace():
		var lost map[string]error
		if lost, err = p.Unrecorded(); err == nil {
			p.Refuse(lost)
		}
	}
	if err == nil {
		err = p.Write(ctx, o.Done)
	}
	if err == nil && writes {
		err = o.recordRestored(ctx, p)
	}
	return p, err
}

// recordPresent makes a run over the files that the restore replaces. The plan spares those that
// cannot be recorded.
func (o *RestoreOptions) recordPresent(ctx context.Context, p *restore.Plan) error {
	failed, err := o.record(ctx, p.Present())
	if err == nil {
		p.Refuse(failed)
	}
	return err
}

// recordRestored makes a run over the restored files. Otherwise the newest version would be the
// replaced one, and the next restore would go back to it.
func (o *RestoreOptions) recordRestored(ctx context.Context, p *restore.Plan) error {
	failed, err := o.record(ctx, p.Restored())
	for path, why := range failed {
		o.Report.Problem(scan.Problem{Path: path, Msg: "is restored, but not recorded as it is now", Err: why, Warning: true})
	}
	return err
}

// record makes a run over paths and returns those that could not be recorded. For a path that the
// watch list does not select, it adds the path's folder to the list.
func (o *RestoreOptions) record(ctx context.Context, paths []string) (map[string]error, error) {
	if len(paths) == 0 {
		return nil, nil
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
			c.Entries = append(slices.Clip(c.Entries), &config.Entry{Text: folder, Root: folder})
		}
	}
	failed := &unrecorded{Reporter: o.Report, paths: map[string]error{}}
	_, err := Run(ctx, RunOptions{Config: &c, Repo: o.Repo, Wait: true, Only: paths, Clock: o.Clock, Report: failed})
	return failed.paths, err
}

// unrecorded is a Reporter that keeps the problems of paths that were not recorded.
type unrecorded struct {
	Reporter
	paths map[string]error
}

// Problem keeps a problem, and passes a warning on.
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
