package restore

import (
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/restore/rights"
)

// TestRootChangesInPlaceWhatItOnlyCloses: another user may have put a file there, and hold it open
// or mapped. So root gives it no other owner, no setuid, no attribute that counts and no more
// rights: that goes to a new file.
func TestRootChangesInPlaceWhatItOnlyCloses(t *testing.T) {
	root := rights.Policy{Root: true}
	plain := record.Record{UID: 7, GID: 8, Mode: 0o640}
	for what, c := range map[string]struct {
		is     durable.Stat
		change func(r *record.Record)
		may    bool
	}{
		"only an mtime":  {durable.Stat{UID: 7, GID: 8, Mode: 0o100640}, func(*record.Record) {}, true},
		"fewer rights":   {durable.Stat{UID: 7, GID: 8, Mode: 0o100777}, func(*record.Record) {}, true},
		"more rights":    {durable.Stat{UID: 7, GID: 8, Mode: 0o100600}, func(*record.Record) {}, false},
		"another owner":  {durable.Stat{UID: 0, GID: 8, Mode: 0o100640}, func(*record.Record) {}, false},
		"another group":  {durable.Stat{UID: 7, GID: 0, Mode: 0o100640}, func(*record.Record) {}, false},
		"setuid":         {durable.Stat{UID: 7, GID: 8, Mode: 0o104755}, func(r *record.Record) { r.Mode = 0o4755 }, false},
		"a capability":   {durable.Stat{UID: 7, GID: 8, Mode: 0o100640}, func(r *record.Record) { r.Xattrs = []record.Xattr{{Name: "security.capability"}} }, false},
		"an access list": {durable.Stat{UID: 7, GID: 8, Mode: 0o100640}, func(r *record.Record) { r.Xattrs = []record.Xattr{{Name: "system.posix_acl_access"}} }, false},
		"a note":         {durable.Stat{UID: 7, GID: 8, Mode: 0o100640}, func(r *record.Record) { r.Xattrs = []record.Xattr{{Name: "user.note"}} }, true},
	} {
		r := plain
		c.change(&r)
		if may := root.MayAdjust(&c.is, &r); may != c.may {
			t.Errorf("%s: %v", what, may)
		}
	}
}
