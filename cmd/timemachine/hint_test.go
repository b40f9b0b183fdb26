package main

import (
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"
)

// TestHintOnDamagedDisks: what a damaged disk or file system says comes with what to do.
func TestHintOnDamagedDisks(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EIO, structureNeedsCleaning} {
		err := fmt.Errorf("list packs: %w", &fs.PathError{Op: "lstat", Path: "/d/p.idx", Err: errno})
		if h := (&app{}).hintOf(err); !strings.Contains(h, "fsck") {
			t.Errorf("%v: the hint is %q", err, h)
		}
	}
}
