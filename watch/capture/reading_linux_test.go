package capture

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"timemachine/watch/disk"
)

// TestLinkThatIsReplaced: the target and the stat of a link belong together.
func TestLinkThatIsReplaced(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"one", "two"} {
		if err := os.Symlink(name, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	inodes := map[string]uint64{}
	for _, name := range []string{"one", "two"} {
		st, err := disk.StatAt(unix.AT_FDCWD, filepath.Join(dir, name), unix.AT_SYMLINK_NOFOLLOW)
		if err != nil {
			t.Fatal(err)
		}
		inodes[name] = st.Ino
	}
	end, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-end:
				return
			default:
				_ = unix.Renameat2(unix.AT_FDCWD, filepath.Join(dir, "one"), unix.AT_FDCWD, filepath.Join(dir, "two"), unix.RENAME_EXCHANGE)
			}
		}
	}()
	s := &source{dir: unix.AT_FDCWD, name: filepath.Join(dir, "one"), path: filepath.Join(dir, "one")}
	for range 2000 {
		var got Content
		target, err := s.readlink(&got, func(*disk.Stat) error { return nil })
		if err == nil && inodes[target] != got.Stat.Ino {
			t.Errorf("target %q with the stat of another link", target)
			break
		}
	}
	close(end)
	<-done
}
