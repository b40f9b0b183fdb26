package trust_test

import (
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/trust"
)

// TestIsExchangeable: a path is as safe as the folders on its way, and those on the way of its
// links.
func TestIsExchangeable(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	folder := func(name string, mode os.FileMode) string {
		path := filepath.Join(top, name)
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	closed, open, sticky := folder("closed", 0o755), folder("open", 0o777), folder("sticky", os.ModeSticky|0o777)
	for link, target := range map[string]string{closed + "/in": open + "/r", open + "/out": closed, closed + "/round": "round", closed + "/beside": "../sticky/r"} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]bool{
		closed + "/r": false, closed + "/missing/r": false, sticky + "/r": false, closed + "/beside": false,
		open + "/r": true, closed + "/in": true, open + "/out/r": true, closed + "/round": true,
	} {
		if got := trust.IsExchangeable(path, uint32(os.Geteuid())); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}
