package daemon

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"timemachine/watch/config"
)

// TestPlaces: an event is about each source that its path stands for, and about none that no entry
// selects.
func TestPlaces(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{"src/d", "real/x"} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("real", dir+"/link"); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("- %[1]s/src\n- %[1]s/link\n- %[1]s/real/*.md\n- %[1]s/missing/file\n- \"!*.tmp\"\n", dir)
	c, err := config.Parse(dir+"/config.dat", []byte(text), config.Env{UID: -1})
	if err != nil {
		t.Fatal(err)
	}
	p := newPlaces(c)
	for path, want := range map[string][]string{
		"/src":          {"/src"},
		"/src/d/f":      {"/src/d/f"},
		"/src/d/f.tmp":  nil,
		"/real/x/f":     {"/link/x/f"},
		"/real/a.md":    {"/real/a.md", "/link/a.md"},
		"/real/a.txt":   {"/link/a.txt"},
		"/missing/file": {"/missing/file"},
		"/other":        nil,
	} {
		for i := range want {
			want[i] = dir + want[i]
		}
		got := p.sources(dir + path)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if got := p.real(dir + "/link/x"); got != dir+"/real/x" {
		t.Errorf("the link's folder is %s", got)
	}
	for folder, want := range map[string]bool{"/src/d": true, "/real/x": true, "": true, "/elsewhere": false} {
		if p.relevant(dir+folder) != want {
			t.Errorf("relevant %s: %v", folder, !want)
		}
	}
	if got := p.leadsTo(dir + "/link"); !slices.Equal(got, []string{dir + "/link"}) {
		t.Errorf("the link leads to %q", got)
	}
	if !slices.Contains(p.folders(), dir) || slices.Contains(p.folders(), dir+"/src/d") {
		t.Errorf("folders to watch %q", p.folders())
	}
}
