package watch_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"timemachine/repo/repotest"
	"timemachine/watch"
)

// TestIgnoredLines: a change in lines that are ignored makes no version, any other one stores the
// file as it is, and what is not stored is not lost by a restore.
func TestIgnoredLines(t *testing.T) {
	t.Parallel()
	list := func(w *world, lines string) string {
		return fmt.Sprintf("watch:\n- %s\nignore-lines:\n  %q: %s\n", w.src, w.path("*.conf"), lines)
	}
	for name, c := range map[string]struct {
		lines         string
		before, after string
		other         func(w *world, path string)
		versions      int // after the change
	}{
		"saved":                {lines: `["^# saved on"]`, before: "# saved on Monday\na\n", after: "# saved on Tuesday, late\na\n"},
		"one more such line":   {lines: `["^#"]`, before: "a\nb\n", after: "# one\na\n# two\nb\n# three"},
		"all gone":             {lines: `["^#"]`, before: "# a\n", after: ""},
		"by two expressions":   {lines: `["^#", "\\d+$"]`, before: "# a\nx 1\ny\n", after: "# b\nx 22\ny\n"},
		"another line":         {lines: `["^#"]`, before: "# a\nx\n", after: "# b\ny\n", versions: 1},
		"the end of a line":    {lines: `["^#"]`, before: "# a\nx\n", after: "# b\nx", versions: 1},
		"moved lines":          {lines: `["^#"]`, before: "x\n# a\ny\n", after: "y\n# b\nx\n", versions: 1},
		"bytes":                {lines: `["^#"]`, before: "# a\n\x00\xff\n", after: "# b\n\x00\xfe\n", versions: 1},
		"and the mode":         {lines: `["^#"]`, before: "# a\nx\n", after: "# b\nx\n", other: func(w *world, p string) { w.check(os.Chmod(p, 0o600)) }, versions: 1},
		"another file's lines": {lines: `["^#"]`, before: "# a\n", after: "# b\n", other: func(w *world, p string) { w.check(os.Rename(p, w.path("f.txt"))) }, versions: 2},
		"the mtime":            {lines: `["^#"]`, before: "# a\nx\n", after: "# a\nx\n", versions: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.config = list(w, c.lines)
			w.write("f.conf", c.before)
			earlier := time.Now().Add(-time.Hour)
			w.check(os.Chtimes(w.path("f.conf"), earlier, earlier))
			w.run(1)
			then := w.tip()
			w.write("f.conf", c.after)
			if c.other != nil {
				c.other(w, w.path("f.conf"))
			}
			w.run(c.versions)
			w.run(0)
			w.check(os.Remove(w.dest + "/.git/timemachine/cache"))
			w.run(0)
			if c.other != nil {
				return
			}
			// what was not recorded is, before it is replaced
			_, err := w.restore(then, watch.RestoreOptions{}, w.path("f.conf"))
			w.check(err)
			if b, err := os.ReadFile(w.path("f.conf")); err != nil || string(b) != c.before {
				t.Errorf("restored %q, %v", b, err)
			}
			w.run(0)
			if strings.Contains(c.after, "\x00") {
				return // git shows no lines
			}
			out := strings.Join(repotest.Lines(t, w.dest, "log", "-p", "--format=", "--all"), "\n")
			for line := range strings.Lines(c.after) {
				if !strings.Contains(c.before, line) && !strings.Contains(out, "+"+strings.TrimSuffix(line, "\n")) {
					t.Errorf("the restore has lost %q", line)
				}
			}
		})
	}
}
