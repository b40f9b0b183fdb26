package repo

import (
	"errors"
	"io/fs"
	"strings"
	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
)

// owedName is the file that names the commit from which on copies were left out for want of room. Runs make up for them
// once there is room again.
const owedName = "owed"

// noteOwed notes durably that copies are left out from commit base on.
func (r *notesT) noteOwed(base object.ID) error {
	there, err := r.own.Exists(owedName)
	if err != nil || there {
		return err
	}
	return r.own.Replace(owedName, []byte(base.String()+"\n"))
}

// owed is what noteOwed noted; a damaged note is one of all copies.
func (r *notesT) owed() (base object.ID, owed bool, err error) {
	b, err := r.own.ReadFile(owedName, config.MaxSize)
	if errors.Is(err, fs.ErrNotExist) {
		return base, false, nil
	}
	if err != nil {
		return base, false, err
	}
	if base, err = object.ParseID(strings.TrimSpace(string(b))); err != nil {
		base = object.ID{}
	}
	return base, true, nil
}
