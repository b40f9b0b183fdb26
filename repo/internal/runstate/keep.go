package runstate

import (
	"fmt"
	"strings"

	"timemachine/repo/git/object"
)

// A .keep file beside a new pack keeps git gc away until the branch has moved. It says what the run
// was about to do.
const keepHead = "timemachine\n"

// MergeKeep is the whole text of a .keep file whose pack is a merge of others: no branch moves.
const MergeKeep = keepHead + "merge\n"

// PartKeep is the whole text of a .keep file whose pack a part of a run has published. It stays
// until the run ends: the pack has contents that were captured ahead, which no commit names yet.
const PartKeep = keepHead + "part\n"

// KeepText is the text of the .keep file for a pack with which the branch moves from old to id.
func KeepText(old, id object.ID) []byte { return fmt.Appendf(nil, "%s%s\n%s\n", keepHead, old, id) }

// ParseKeep reads what [KeepText] wrote; ok is false for every other text.
func ParseKeep(s string) (old, id object.ID, ok bool) {
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
