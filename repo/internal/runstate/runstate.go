// Package runstate reads and writes the small files that runs keep under .git/timemachine, and the
// .keep files beside packs.
//
// It knows their names and formats and nothing else. Each file can be lost: [Files] says what that
// costs.
package runstate

import (
	"errors"
	"io/fs"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/refusal"
)

// LockName is the file whose flock makes its holder the only writer of a destination.
const LockName = "lock"

// CacheName is the file that holds what the last run saw of each source. Package watch writes it.
const CacheName = "cache"

// SlowName is the file that names the sources that take long to read, and when each is tried again.
// Package watch writes it.
const SlowName = "slow"

// CheckedName is the file that names the tip, the packs and the index among which a run has read
// the tip's commit and tree. A run that finds all of them unchanged need not read them again.
const CheckedName = "checked"

// Files lists the files of .git/timemachine that the history does without, and what losing one of
// them costs.
var Files = []struct {
	Name string
	Loss refusal.RemedyKind
}{
	{packListName, refusal.PacksStayUnmerged},
	{PendingName, refusal.HistoryIsCompared},
	{upToDateName, refusal.ProjectionIsWritten},
	{mountsName, refusal.ProjectionIsWritten},
	{CacheName, refusal.SourcesAreReadOnce},
	{MissingCopiesName, refusal.CopiesNeedRebuild},
	{prunedName, refusal.CopiesAreReviewed},
	{UnwrittenName, refusal.HistoryIsCompared},
	{CheckedName, refusal.TipIsReadOnce},
	{SlowName, refusal.SlowSourcesAreTried},
	{ranName, refusal.LastRunIsUnknown},
	{goodName, refusal.LastGoodIsUnknown},
	{pushName, refusal.RemoteIsAsked},
}

// Displaced is a foreign file or folder that had the name of one of [Files].
type Displaced struct {
	Name, Aside string
	Loss        refusal.RemedyKind
}

// MoveForeignAside renames everything in dir that has the name of one of [Files] and is no regular
// file. moved is called for each. The next run makes the file again.
func MoveForeignAside(dir *durable.Dir, moved func(Displaced)) error {
	for _, file := range Files {
		st, err := dir.Lstat(file.Name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && st.IsRegular() {
			continue
		}
		if err != nil {
			return err
		}
		aside, err := durable.MoveAside(dir, file.Name)
		switch { // it may have said that there is work left
		case err != nil:
		case file.Name == PendingName:
			err = writeID(dir, PendingName, object.ID{})
		case file.Name == UnwrittenName:
			err = MarkAllPending(dir)
		}
		if err != nil {
			return err
		}
		moved(Displaced{file.Name, aside, file.Loss})
	}
	return nil
}

// Forget removes what runs have learnt of an earlier state of the branch. Packs are no longer
// listed as timemachine's.
func Forget(dir *durable.Dir) error {
	for _, name := range []string{CacheName, CheckedName, PendingName, upToDateName, UnwrittenName, packListName} {
		if err := dir.Remove(name); err != nil {
			return err
		}
	}
	return dir.Sync()
}
