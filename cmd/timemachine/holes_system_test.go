//go:build system

package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/repotest"
)

// TestHolesOfFileSystems records a sparse file that changes again and again, on each file system
// that is asked for holes. What is recorded is what reading gives.
func TestHolesOfFileSystems(t *testing.T) {
	for _, mkfs := range [][]string{{"mkfs.ext4", "-q", "-b", "1024"}, {"mkfs.ext4", "-q", "-O", "inline_data"}, {"mkfs.xfs", "-q"}, {"mkfs.btrfs", "-q"}} {
		d := newDisk(t, "300m")
		if _, ok := loopMount(t, d.src, "400M", mkfs...); !ok {
			continue
		}
		r := rand.New(rand.NewPCG(3, 4))
		path := filepath.Join(d.src, "sparse")
		for i := range 8 {
			repotest.ChangeSparse(t, path, r, 24<<20)
			d.run(0)
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if d.recorded("sparse") != string(want) {
				t.Fatalf("%q, change %d: not what reading gives", mkfs, i)
			}
		}
		repotest.MustCheck(t, d.dest)
	}
}
