package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
)

// TestShowOfOtherContent: a pack of git's whose idx names an object at another one's place gives
// content that no checksum of zlib tells from the right one. No command takes it for the version.
func TestShowOfOtherContent(t *testing.T) {
	d := newDamaged(t)
	repotest.Git(t, d.dest, "-c", "pack.depth=0", "repack", "-adfq", "--depth=0", "--window=0")
	d.check(os.RemoveAll(d.git("timemachine/packs")))
	rev := func(name string) object.ID {
		id, err := object.ParseID(strings.TrimSpace(repotest.Git(t, d.dest, "rev-parse", name)))
		d.check(err)
		return id
	}
	old, new := rev("main~1:files"+d.file), rev("main:files"+d.file)
	// Where the old content's offset stands, the idx gets the new one's.
	name := d.firstMatch("objects/pack/*.idx")
	idx, err := os.ReadFile(d.git(name))
	d.check(err)
	const names = 8 + 256*4
	n := (len(idx) - names - 40) / 28
	at := func(id object.ID) int {
		return names + 24*n + 4*(strings.Index(string(idx[names:names+20*n]), string(id[:]))/20)
	}
	copy(idx[at(old):at(old)+4], idx[at(new):at(new)+4])
	d.replace(name, idx)
	for _, args := range [][]string{{"show", d.file, "--at", "@1"}, {"show", d.file, "--at", "@1", "--json"}, {"diff", d.file, "@1", "@0"}, {"diff", d.file, "@1"},
		{"restore", d.file, "--at", "@1", "--to", filepath.Join(t.TempDir(), "to")}} {
		if out, code := d.timemachine(args...); code == 0 || !strings.Contains(out, "damaged") {
			t.Errorf("%q: exit %d: %s", args, code, out)
		}
	}
	if out, code := d.timemachine("show", d.file, "--at", "@2"); code != 0 || out != "one\n" {
		t.Errorf("exit %d: %s", code, out)
	}
}
