package watch

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"
	"timemachine/repo/history"
	"timemachine/repo/restore"

	"timemachine/repo"
	"timemachine/watch/config"
	"timemachine/watch/scan"
)

// RestoreOptions says what is brought back, and where to.
type RestoreOptions struct {
	History    *history.History
	Repo       *repo.Repo     // to record what is there before it is replaced; nil: that cannot be done here
	Config     *config.Config // nil: nothing is watched
	Selections []restore.Selection
	To         string
	Overwrite  restore.Overwrite
	DryRun     bool // plan only
	Clock      func() time.Time
	Log        func(msg string, args ...any) // important actions; nil: none
	Report     Reporter                      // of the run that records; never nil
	Done       func(*restore.Step)           // after each step; never nil
}

// Restore brings versions back. Where files are put back in place, what is there and is about to be
// replaced is recorded first, watched or not; what cannot be is left as it is, unless all is to be
// overwritten. The caller closes the plan, which tells what was done; the error means that the
// restore failed as a whole.
func Restore(ctx context.Context, o RestoreOptions) (*restore.Plan, error) {
	ro := restore.Options{To: o.To, Overwrite: o.Overwrite, Log: o.Log}
	if o.Config != nil {
		ro.Followed = o.Config.HasRoot
		ro.Extra = func(path string) bool { return o.Config.Select(path) != nil }
	}
	writes := o.Repo != nil && !o.DryRun && ro.InPlace()
	if writes {
		if err := o.Repo.Lock(ctx); err != nil {
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

// recordPresent makes a run over what is about to be replaced, and spares what could not be
// recorded.
func (o *RestoreOptions) recordPresent(ctx context.Context, p *restore.Plan) error {
	failed, err := o.record(ctx, p.Present())
	if err == nil {
		p.Refuse(failed)
	}
	return err
}

// recordRestored makes a run over what was brought back: else the newest version would be the one
// that it replaced, and to restore again would undo it.
func (o *RestoreOptions) recordRestored(ctx context.Context, p *restore.Plan) error {
	failed, err := o.record(ctx, p.Restored())
	for path, why := range failed {
		o.Report.Problem(scan.Problem{Path: path, Msg: "is restored, but not recorded as it is now", Err: why, Warning: true})
	}
	return err
}

// record makes a run over paths. Those that the watch list does not select are taken as if each
// one's folder were on it.
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

// unrecorded keeps what a run could not record.
type unrecorded struct {
	Reporter
	paths map[string]error
}

// Problem notes a path that was not recorded.
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
