package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
)

// TestQueriesOfFolders: show names the command for a folder, diff tells its mode in a line that git
// apply passes over, and log names it.
func TestQueriesOfFolders(t *testing.T) {
	d := newDamaged(t)
	folder := filepath.Join(filepath.Dir(d.file), "folder")
	d.check(os.Mkdir(folder, 0o700))
	var previous object.ID
	for i, mode := range []uint32{0o755, 0o711} {
		rec := record.Record{Event: record.Added, Source: folder, Folder: true, Mode: mode, UID: uint32(os.Geteuid()), GID: uint32(os.Getegid()),
			Captured: time.Date(2026, 11, 29, 10, i, 0, 0, time.UTC), Scan: []string{"first", "second"}[i], Previous: previous}
		if i > 0 {
			rec.Event = record.Metadata
		}
		repotest.Git(t, d.dest, "-c", "user.name=x", "-c", "user.email=x@y", "commit", "-q", "--allow-empty", "-m", string(rec.AppendMessage(nil, nil)))
		id, err := object.ParseID(strings.TrimSpace(repotest.Git(t, d.dest, "rev-parse", "main")))
		d.check(err)
		previous = id
	}
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"show", folder}, 1, []string{"is a folder, not a file", "ls " + folder}},
		{[]string{"show", folder, "--at", "@1"}, 1, []string{"was a folder then, not a file", "--at @1"}},
		{[]string{"diff", folder, "@1", "@0"}, 0, []string{"Folder " + folder + ": mode 0755 to 0711\n"}},
		{[]string{"diff", folder}, 0, []string{"Folder " + folder + ": mode 0711 to 0700"}},
		{[]string{"diff", "--stat", folder, "@1", "@0"}, 0, []string{folder + " | mode 0755 to 0711", " 0 files and 1 folder changed"}},
		{[]string{"diff", "--json", folder, "@1", "@0"}, 0, []string{`"type": "folder"`, `"mode": "0711"`}},
		{[]string{"diff", folder, "@0", "@0"}, 0, nil},
		{[]string{"log", folder}, 0, []string{folder + "  (folder, mode 0755 to 0711)\n", folder + "  (folder)\n"}},
		{[]string{"diff", filepath.Dir(d.file), previous.String() + "~2^", "@0"}, 0, []string{"diff --git a" + d.file}},
	} {
		out, code := d.timemachine(c.args...)
		if code != c.code || c.want == nil && out != "" {
			t.Errorf("%q: exit %d: %s", c.args, code, out)
		}
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("%q: %s\nwant %s", c.args, out, want)
			}
		}
	}
}
