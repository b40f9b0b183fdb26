package render

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// TestEntriesOfFoldersAndAttributes: what a line of log and its JSON say of a folder, attributes,
// hard links and a restore.
func TestEntriesOfFoldersAndAttributes(t *testing.T) {
	when := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	blob, err := object.HashBlob([]byte("large"))
	if err != nil {
		t.Fatal(err)
	}
	folder := record.Record{Event: record.Added, Source: "/d", Folder: true, Mode: 0o755, Captured: when}
	file := record.Record{Event: record.Added, Source: "/d/f", Mode: 0o644, Size: 3, Mtime: when, Captured: when, Blob: blob}
	of := func(rec record.Record, change func(r *record.Record)) record.Record {
		change(&rec)
		return rec
	}
	deletion := record.Record{Event: record.Deleted, Source: "/d", Folder: true, Captured: when}
	for _, c := range []struct {
		rec    record.Record
		before *record.Record
		line   string // its end
		json   string // a part
	}{
		{folder, nil, "added -  /d  (folder)", `"source":"/d","mode":"0755","size":0,"commit":"","type":"folder"`},
		{deletion, &folder, "deleted -  /d  (folder)", `"type":"folder"`},
		{of(folder, func(r *record.Record) { r.Event, r.Mode = record.Metadata, 0o700 }), &folder, "metadata -  /d  (folder, mode 0755 to 0700)", `"mode_before":"0755"`},
		{of(folder, func(r *record.Record) { r.Event, r.Source = record.TypeChanged, "/d/f" }), &file, "type-changed -  /d/f  (mode 0644 to 0755, file to folder)", `"size_before":3`},
		{of(file, func(r *record.Record) { r.Event = record.TypeChanged }), &folder, "type-changed 3 B  /d/f  (mode 0755 to 0644, folder to file)", `"type":"file"`},
		{of(file, func(r *record.Record) { r.LinkedWith = "/d/g" }), nil, "added 3 B  /d/f  (hard link of /d/g)", `"linked_with":"/d/g"`},
		{of(file, func(r *record.Record) {
			r.Xattrs = []record.Xattr{{Name: "user.a", Value: "v\xff"}, {Name: "user.b", Blob: blob}}
		}), &file,
			"added 3 B  /d/f  (attributes user.a, user.b)", `"xattrs":[{"name":"user.a","value":"v\ufffd","value_bytes":"dv8="},{"name":"user.b","blob":"` + blob.String()},
		{of(file, func(r *record.Record) { r.Event, r.RestoredFrom = record.Restored, blob }), &file,
			"restored 3 B  /d/f  (from commit " + blob.Short() + ")", `"restored_from":"` + blob.String()},
	} {
		e := history.Entry{Version: record.Version{Record: c.rec}, Since: when}
		if c.before != nil {
			e.Before = &record.Version{Record: *c.before}
		}
		line := strings.Join(strings.Fields(EntryLine(&e, "", time.UTC)), " ")
		if want := strings.Join(strings.Fields(c.line), " "); !strings.HasSuffix(strings.Replace(line, " "+e.Commit.Short()+" ", " ", 1), want) {
			t.Errorf("%s, want %s", line, want)
		}
		if text, err := json.Marshal(EntryJSON(&e)); err != nil || !strings.Contains(string(text), c.json) {
			t.Errorf("%s, %v; want %s", text, err, c.json)
		}
	}
}
