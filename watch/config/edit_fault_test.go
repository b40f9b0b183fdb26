package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
	"timemachine/watch/config"
)

// TestConfigFaults lets every operation of an edit fail. The configuration holds the old or the new
// list, and the next edit leaves nothing beside it.
func TestConfigFaults(t *testing.T) {
	for _, how := range repotest.AllFaults {
		for at := 0; ; at++ {
			dir := t.TempDir()
			file := filepath.Join(dir, "config.dat")
			const before, after = "# mine\n- /etc/hosts\n", "# mine\n- /etc/hosts\n- /etc/passwd\n"
			if err := os.WriteFile(file, []byte(before), 0o640); err != nil {
				t.Fatal(err)
			}
			f := &repotest.Faults{At: at, How: how}
			remove := durable.SetSeam(f)
			_, _, err := config.AddEntries(file, config.Env{UID: -1}, []string{"/etc/passwd"})
			remove()
			if _, hit := f.Hit(); !hit && f.Count() <= at {
				if at < 5 {
					t.Fatalf("only %d operations went through the seam", at)
				}
				break
			}
			got, rerr := os.ReadFile(file)
			if text := string(got); rerr != nil || text != before && text != after || err == nil && text != after {
				t.Fatalf("%s at %d: %v, and it holds %q %v", how, at, err, got, rerr)
			}
			if _, _, err := config.AddEntries(file, config.Env{UID: -1}, []string{"/etc/passwd"}); err != nil {
				t.Fatalf("%s at %d: again: %v", how, at, err)
			}
			st, err := os.Stat(file)
			if got, _ := os.ReadFile(file); err != nil || string(got) != after || st.Mode().Perm() != 0o640 {
				t.Fatalf("%s at %d: in the end %q %v", how, at, got, st.Mode())
			}
			if left, _ := os.ReadDir(dir); len(left) != 1 {
				t.Fatalf("%s at %d: left behind: %v", how, at, left)
			}
		}
	}
}
