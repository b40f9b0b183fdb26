package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/git/object"
	"timemachine/repo/repotest"
)

// TestDamagedIdxRetiresNothing: one bit of an idx is flipped, in each of its tables. The next run
// copies nothing by it and removes no pack; verify --repair makes the idx again, and each version
// can be read.
func TestDamagedIdxRetiresNothing(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"name", "checksum", "offset", "count"} {
		t.Run(where, func(t *testing.T) {
			d := newDamaged(t)
			idx := d.firstMatch("objects/pack/*.idx")
			pack := strings.TrimSuffix(idx, ".idx") + ".pack"
			data, err := os.ReadFile(d.git(idx))
			d.check(err)
			names := 8 + 256*4
			n := (len(data) - names - 40) / 28
			blob := strings.TrimSpace(repotest.Git(t, d.dest, "rev-parse", "main~1:files"+d.file))
			id, err := object.ParseID(blob)
			d.check(err)
			i := (strings.Index(string(data[names:names+20*n]), string(id[:]))) / 20
			at := map[string]int{"name": names + 20*i + 10, "checksum": names + 20*n + 4*i + 1, "offset": names + 24*n + 4*i + 3, "count": 8 + 4*255 + 3}[where]
			data[at] ^= 4
			d.replace(idx, data)
			write(t, d.file, []byte("four\n"))
			if out, code := d.timemachine("run"); where == "name" && code != 0 {
				t.Errorf("exit %d: %s", code, out)
			}
			if !exists(d.git(pack)) {
				t.Fatal("the good pack is removed")
			}
			if out, code := d.timemachine("verify"); code != 1 || !strings.Contains(out, filepath.Base(idx)) {
				t.Errorf("verify: exit %d: %s", code, out)
			}
			if out, code := d.timemachine("verify", "--repair"); code != 0 || !strings.Contains(out, "repaired") {
				t.Errorf("verify --repair: exit %d: %s", code, out)
			}
			if aside, err := os.ReadFile(d.git(idx + ".aside")); err != nil || string(aside) != string(data) {
				t.Errorf("the wrong idx is not kept: %v", err)
			}
			if out, code := d.timemachine("run"); code != 0 {
				t.Errorf("exit %d: %s", code, out)
			}
			repotest.MustCheck(t, d.dest)
			for i, want := range []string{"one\n", "two\n", "three\n", "four\n"} {
				if got := repotest.Git(t, d.dest, "show", fmt.Sprintf("main~%d:files%s", 3-i, d.file)); got != want {
					t.Errorf("version %d: %q", i, got)
				}
			}
		})
	}
}
