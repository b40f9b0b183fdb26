package repo

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"timemachine/repo/git/pack"
)

// packsFile, in what is ours under .git, lists the packs that timemachine wrote, oldest first, one a line, and may name
// some that are gone. No others are ever merged or removed: those that git gc made, or a person, are theirs.
const packsFile = "packs"

const maxPackList = 64 << 20 // bytes: over a million packs

func (r *notesT) listedPacks() ([]string, error) {
	b, err := r.own.ReadFile(packsFile, maxPackList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	all := strings.Fields(string(b))
	names := slices.DeleteFunc(all, func(s string) bool { return !pack.IsName(s) })
	if len(names) < len(all) {
		r.o.Log("the list of packs is damaged: those that it does not name are not merged", "file", r.own.Path(packsFile))
	}
	return names, err
}
