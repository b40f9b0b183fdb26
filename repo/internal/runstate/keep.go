package repo

import (
	"fmt"
	"strings"
	"timemachine/repo/git/object"
)

// What a .keep of ours begins with; that of a merge, which moves no branch, is all of it.
const (
	keepHead  = "timemachine\n"
	mergeKeep = keepHead + "merge\n"
)

func keepText(old, id object.ID) []byte { return fmt.Appendf(nil, "%s%s\n%s\n", keepHead, old, id) }

func parseKeep(s string) (old, id object.ID, ok bool) {
	rest, ok := strings.CutPrefix(s, keepHead)
	f := strings.Fields(rest)
	if !ok || len(f) != 2 {
		return old, id, false
	}
	old, err := object.ParseID(f[0])
	if err != nil {
		return old, id, false
	}
	id, err = object.ParseID(f[1])
	return old, id, err == nil && !id.IsZero()
}
