package runstate

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"timemachine/repo/durable"
)

// prunedName is the file that tells by which policy runs have removed copies, and when.
const prunedName = "pruned"

// WritePruned notes that the copies were removed that a policy did not keep at a moment. It is not
// forced to disk: the next run looks at all copies again where it is lost.
func WritePruned(dir *durable.Dir, policy string, at time.Time) error {
	return dir.Put(prunedName, fmt.Appendf(nil, "%s\n%s\n", policy, at.UTC().Format(time.RFC3339Nano)))
}

// Pruned reads what [WritePruned] noted; nothing for a missing or damaged note.
func Pruned(dir *durable.Dir) (policy string, at time.Time, err error) {
	b, err := dir.ReadFile(prunedName, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return "", at, nil
	}
	if err != nil {
		return "", at, err
	}
	policy, rest, _ := strings.Cut(string(b), "\n")
	if at, err = time.Parse(time.RFC3339Nano, strings.TrimSuffix(rest, "\n")); err != nil {
		return "", time.Time{}, nil
	}
	return policy, at, nil
}
