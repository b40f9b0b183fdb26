package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
)

// TestDiffOfAFolderAtWork: a file that vanishes, or is exchanged for a link or a folder, while diff
// reads its folder, is what it was at some moment, and no reason to fail.
func TestDiffOfAFolderAtWork(t *testing.T) {
	t.Parallel()
	d := newDamaged(t)
	src := filepath.Join(filepath.Dir(d.file), "busy")
	d.check(os.Mkdir(src, 0o755))
	const files = 200
	for i := range files {
		write(t, filepath.Join(src, fmt.Sprint("f", i)), []byte("one\n"))
	}
	if out, code := d.timemachine("add", src); code != 0 {
		t.Fatal(out)
	}
	for i := range files {
		write(t, filepath.Join(src, fmt.Sprint("f", i)), []byte("two\n"))
	}
	var stop atomic.Bool
	done := make(chan bool)
	for i := range files { // and some that no version is of
		write(t, filepath.Join(src, fmt.Sprint("new", i)), []byte("new\n"))
	}
	go func() {
		defer close(done)
		for i := 0; !stop.Load(); i++ {
			name := filepath.Join(src, fmt.Sprint([]string{"f", "new"}[i/files%2], i%files))
			_ = os.Rename(name, name+".away")
			switch i % 3 {
			case 1:
				_ = os.Symlink("elsewhere", name)
			case 2:
				_ = os.Mkdir(name, 0o755)
			}
			_ = os.Remove(name)
			_ = os.Rename(name+".away", name)
		}
	}()
	for range 20 {
		if out, code := d.timemachine("diff", "--stat", src); code != 0 {
			t.Errorf("exit %d: %s", code, out)
			break
		}
	}
	stop.Store(true)
	<-done
}
