package pack

import (
	"os"
	"path/filepath"
	"testing"
)

// TestOpenFails: a store whose packs cannot be listed is none. Its owner would close it, and report
// that it is closed already.
func TestOpenFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.Symlink("pack", filepath.Join(dir, "pack")); err != nil {
		t.Fatal(err)
	}
	if s, err := OpenStore(dir); err == nil || s != nil {
		t.Errorf("opened: %v, %v", s, err)
	}
}
