package runstate

import (
	"errors"
	"io/fs"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// MissingCopiesName is the file that names the commit from which on copies were left out for lack
// of free space. Runs write them once there is space again.
const MissingCopiesName = "owed"

// NoteMissingCopies notes durably that copies are left out from commit base on. An older note
// stays.
func NoteMissingCopies(dir *durable.Dir, base object.ID) error {
	there, err := dir.Exists(MissingCopiesName)
	if err != nil || there {
		return err
	}
	return writeID(dir, MissingCopiesName, base)
}

// MissingCopies reads what [NoteMissingCopies] noted. A damaged note means all copies: base is zero
// then.
func MissingCopies(dir *durable.Dir) (base object.ID, missing bool, err error) {
	b, err := dir.ReadFile(MissingCopiesName, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return base, false, nil
	}
	if err != nil {
		return base, false, err
	}
	base, _ = parseID(b)
	return base, true, nil
}
