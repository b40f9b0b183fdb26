package runstate

import (
	"errors"
	"io/fs"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/pack"
)

// packListName is the file that lists timemachine's packs, oldest first, one per line. It may name
// packs that are missing. Only listed packs are ever merged or removed: the others are git gc's, or
// a person's.
const packListName = "packs"

const maxPackList = 64 << 20 // bytes: over a million packs

// PackList reads the list of timemachine's packs, without suffixes. damaged tells that lines were
// left out that name no pack.
func PackList(dir *durable.Dir) (names []string, damaged bool, err error) {
	b, err := dir.ReadFile(packListName, maxPackList)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	all := strings.Fields(string(b))
	names = slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !pack.IsName(s) })
	return names, len(names) < len(all), err
}

// PackListPath is where the list lies, for messages.
func PackListPath(dir *durable.Dir) string { return dir.Path(packListName) }

// WritePackList replaces the list. Losing it costs some space at most, so it is not forced to disk.
func WritePackList(dir *durable.Dir, names []string) error {
	return dir.Put(packListName, []byte(strings.Join(names, "\n")+"\n"))
}
