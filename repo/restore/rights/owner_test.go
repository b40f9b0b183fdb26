package rights

import (
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/repo/record"
)

// TestSetuidComesWithItsOwner: a file gets setuid and setgid where it gets the owner and the group
// of the version, and where nobody else could have written the history.
func TestSetuidComesWithItsOwner(t *testing.T) {
	for what, c := range map[string]struct {
		by            Policy
		refused       func(uid, gid int) bool // chown(2)
		folder        bool
		mode, becomes uint32
	}{
		"root's":                      {by: Policy{Root: true}, mode: 0o6755, becomes: 0o6755},
		"one's own":                   {by: Policy{UID: 7}, mode: 0o6755, becomes: 0o6755},
		"another user's":              {by: Policy{UID: 7}, refused: func(uid, _ int) bool { return uid == 8 }, mode: 0o6755, becomes: 0o755},
		"another group's":             {by: Policy{UID: 7}, refused: func(int, int) bool { return true }, mode: 0o2775, becomes: 0o755},
		"of a history of others":      {by: Policy{UID: 7, Limited: true}, mode: 0o6755, becomes: 0o755},
		"without bits":                {by: Policy{UID: 7, Limited: true}, mode: 0o1644, becomes: 0o1644},
		"a folder's":                  {by: Policy{UID: 7, Limited: true}, folder: true, mode: 0o2775, becomes: 0o2775},
		"another group's in a folder": {by: Policy{UID: 7}, refused: func(int, int) bool { return true }, folder: true, mode: 0o2775, becomes: 0o755},
	} {
		mode, notes := c.by.GiveOwner(&record.Record{UID: 8, GID: 9, Mode: c.mode, Folder: c.folder}, func(uid, gid int) error {
			if c.refused != nil && c.refused(uid, gid) {
				return unix.EPERM
			}
			return nil
		})
		if mode != c.becomes || (mode&0o6000 != c.mode&0o6000) != (len(notes) > 0) {
			t.Errorf("%s: %04o becomes %04o, not %04o; %q", what, c.mode, mode, c.becomes, notes)
		}
	}
}
