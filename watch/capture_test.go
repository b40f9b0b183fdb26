package watch

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/record"
	"timemachine/watch/capture"
	"timemachine/watch/config"
	"timemachine/watch/own"
	"timemachine/watch/pattern"
	"timemachine/watch/scan"
)

// heard is a Reporter that keeps problems.
type heard []scan.Problem

func (h *heard) Version(record.Version) {}
func (h *heard) Progress(int64, int64)  {}
func (h *heard) Problem(p scan.Problem) { *h = append(*h, p) }

// TestSourceErrors checks that an error on the way to a source ends no run. An error of the
// destination ends it and is not reported for a source, even where the errno is the same.
func TestSourceErrors(t *testing.T) {
	root := t.TempDir()
	entry := &config.Entry{Text: root, Glob: pattern.Glob{Root: root}}
	for _, way := range []string{"gone/file", strings.Repeat("x", 300) + "/file", strings.Repeat("y", 300)} {
		h := heard{}
		r := &run{RunOptions: RunOptions{Config: &config.Config{}, Report: &h}, ctx: t.Context(), summary: &Summary{}}
		ch := scan.Change{File: &scan.File{Path: filepath.Join(root, way), Entry: entry}}
		_, err := (&capture.Capturer{Ctx: t.Context(), Clock: time.Now}).Capture(&ch, &capture.Opener{Own: new(own.Set)})
		if err == nil {
			t.Fatal("it is there")
		}
		err = r.reportFailure(&ch, err)
		if r.reportUnread(); err != nil || len(h) != 1 || h[0].Path != ch.File.Path {
			t.Errorf("%.20s: it ends the run: %v %v", way, err, h)
		}
	}
	for _, errno := range []error{unix.ENOENT, unix.ELOOP, unix.ENOTDIR, unix.EACCES} {
		h := heard{}
		r := &run{RunOptions: RunOptions{Config: &config.Config{}, Report: &h}, ctx: t.Context(), summary: &Summary{}}
		ch := scan.Change{File: &scan.File{Path: filepath.Join(root, "file"), Entry: entry}}
		cause := fmt.Errorf("pack: %w", &fs.PathError{Op: "open", Path: "/dest/.git/timemachine/packs", Err: errno})
		err := r.reportFailure(&ch, cause)
		if r.reportUnread(); err == nil || len(h) > 0 {
			t.Errorf("%v of the destination is blamed on a source: %v", errno, h)
		}
	}
}
