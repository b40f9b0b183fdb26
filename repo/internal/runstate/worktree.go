package runstate

import (
	"errors"
	"io/fs"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// maxNote is the largest note that is read, in bytes.
const maxNote = 1 << 20

// PendingName is the file that says that files/ and the index may not be up to date with the
// branch.
const PendingName = "pending"

// upToDateName is the file that says how far files/ and copies/ are written but perhaps not on
// disk.
//
// Both can be made again from the history, so a run that has written many files does not wait for
// the disk. It leaves the pending mark, and notes the commit that files/ are up to date with and
// the moment: the boot and the mount. In that moment what was written can be read, whether it is on
// disk or not. In another one, after a power failure say, the note counts for nothing, and
// everything since the pending mark is written again.
const upToDateName = "followed"

// mountsName is the file that names the boot in which runs have seen the destination on several
// mounts, as in a mount namespace for each run. No note of theirs then says what is there for the
// next run, so they wait for the disk.
const mountsName = "mounts"

// Pending is the mark of an update of files/ and the index that may be incomplete.
type Pending struct {
	Marked  bool
	Base    object.ID // the commit they were last up to date with; zero: compare everything
	Damaged bool      // the mark is unreadable
}

// MarkPending notes durably that files/ and the index may lack what came after commit base. An
// older mark stays.
func MarkPending(dir *durable.Dir, base object.ID) error {
	there, err := dir.Exists(PendingName)
	if err != nil || there {
		return err
	}
	return writeID(dir, PendingName, base)
}

// MarkAllPending notes durably that all of files/ and the index must be compared with the history.
func MarkAllPending(dir *durable.Dir) error {
	return errors.Join(writeID(dir, PendingName, object.ID{}), dir.Remove(upToDateName))
}

// ReadPending reads the pending mark.
func ReadPending(dir *durable.Dir) (Pending, error) {
	b, err := dir.ReadFile(PendingName, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return Pending{}, nil
	}
	if err != nil {
		return Pending{}, err
	}
	base, err := parseID(b)
	return Pending{Marked: true, Base: base, Damaged: err != nil}, nil
}

// ClearPending removes the pending mark and the note beside it. It does not wait for the disk: a
// power failure may bring the mark back, and the next run writes again what came after its commit.
func ClearPending(dir *durable.Dir) error {
	return errors.Join(dir.Remove(PendingName), dir.Remove(upToDateName))
}

// WriteUpToDate notes that files/ and copies/ are up to date with tip in this moment.
func WriteUpToDate(dir *durable.Dir, moment string, tip object.ID) error {
	return dir.Put(upToDateName, []byte(moment+"\n"+tip.String()+"\n"))
}

// ReadUpToDate reads what [WriteUpToDate] noted in the moment; ok is false where it noted nothing
// in it.
func ReadUpToDate(dir *durable.Dir, moment string) (tip object.ID, ok bool) {
	b, err := dir.ReadFile(upToDateName, maxNote)
	noted, rest, _ := strings.Cut(string(b), "\n")
	if err != nil || noted == "" || noted != moment {
		return tip, false
	}
	tip, err = object.ParseID(strings.TrimSuffix(rest, "\n"))
	return tip, err == nil
}

// NoteMounts notes the boot where the work tree was last brought up to date on another mount in it.
// moment is the present one, "" where it is not known.
func NoteMounts(dir *durable.Dir, boot, moment string) error {
	b, err := dir.ReadFile(upToDateName, maxNote)
	noted, _, _ := strings.Cut(string(b), "\n")
	if err != nil || moment == "" || noted == moment || !strings.HasPrefix(noted, boot+" ") {
		return nil
	}
	return dir.Put(mountsName, []byte(boot+"\n"))
}

// HasSeveralMounts tells whether runs have seen the destination on several mounts in this boot.
func HasSeveralMounts(dir *durable.Dir, boot string) bool {
	b, err := dir.ReadFile(mountsName, maxNote)
	return err == nil && string(b) == boot+"\n"
}

// WholeCommits lists the commits that runs have noted as whole.
func WholeCommits(dir *durable.Dir) (ids []object.ID) {
	for _, note := range []struct {
		name string
		line int // that the commit stands in
	}{{CheckedName, 0}, {upToDateName, 1}} {
		b, _ := dir.ReadFile(note.name, maxNote)
		if lines := strings.Split(string(b), "\n"); len(lines) > note.line {
			if id, err := object.ParseID(lines[note.line]); err == nil {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

func writeID(dir *durable.Dir, name string, id object.ID) error {
	return dir.Replace(name, []byte(id.String()+"\n"))
}

// parseID reads what writeID wrote; zero where that is damaged.
func parseID(b []byte) (object.ID, error) {
	id, err := object.ParseID(strings.TrimSpace(string(b)))
	if err != nil {
		return object.ID{}, err
	}
	return id, nil
}
