package projection

import (
	"errors"
	"io/fs"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/runstate"
)

// flushAfter is when the system has written most of what was left to it (vm.dirty_expire_centisecs,
// 30 seconds, and the flusher's period), so that waiting for the rest takes no time to speak of.
const flushAfter = 40 * time.Second

// moment names this machine's time since it was started and the file system mounted. It is "" where
// that is not known, or where runs see several mounts, of which none tells what another one's run
// has written.
func (r *Projection) moment() string {
	if runstate.HasSeveralMounts(r.StateDir, r.Opts.Boot) {
		return ""
	}
	return dest.MomentOf(r.Opts.Boot, r.Folder, dest.Projections)
}

// upToDateWith is the commit that the work tree was up to date with when that was last noted in
// this moment.
func (r *Projection) upToDateWith() (tip object.ID, ok bool) {
	return runstate.ReadUpToDate(r.StateDir, r.moment())
}

// Pending tells whether the work tree may not be up to date with tip, and from which commit on. A
// zero base stands for everything.
func (r *Projection) Pending(tip object.ID) (base object.ID, pending bool, err error) {
	mark, err := runstate.ReadPending(r.StateDir)
	if err != nil || !mark.Marked {
		return base, false, err
	}
	if mark.Damaged {
		r.Opts.Log("the pending mark is damaged; everything is compared", "file", r.StateDir.Path(runstate.PendingName))
	}
	if at, ok := r.upToDateWith(); ok {
		return at, at != tip, nil
	}
	return mark.Base, true, nil
}

// flushIfDue flushes where what a run has left to the system is old enough.
func (r *Projection) flushIfDue() error {
	st, err := r.StateDir.Lstat(runstate.PendingName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if age := r.Opts.Clock().Sub(time.Unix(st.Mtime.Sec, st.Mtime.Nsec)); age >= 0 && age < flushAfter {
		return nil
	}
	return r.flush()
}

// flush puts the work tree on disk, as far as runs have left that to the system, and removes their
// pending mark. The work tree is up to date with the tip.
func (r *Projection) flush() error {
	if _, ok := r.upToDateWith(); !ok {
		return nil
	}
	if err := r.SyncAll(); err != nil {
		return err
	}
	return runstate.ClearPending(r.StateDir)
}
