package blameview

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/textdiff"
)

// TestRangesAsGit gives the same ranges to git blame: it must take and refuse the same, and print
// the same lines.
func TestRangesAsGit(t *testing.T) {
	dir := t.TempDir()
	text := "a\nb(1)\nc]d\n\ne+\nf/g\nlast"
	if err := os.WriteFile(filepath.Join(dir, "f"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "f"}, {"commit", "-q", "-m", "f"}} {
		if out, err := runGit(dir, args...); err != nil {
			t.Fatal(err, out)
		}
	}
	lines := textdiff.Split(text)
	for _, ranges := range [][]string{
		{"2,3"}, {"3,2"}, {"0,2"}, {"2,"}, {",2"}, {"2,+2"}, {"4,-2"}, {"2,-9"}, {"7,9"}, {"8"}, {"8,9"}, {"4,99"}, {"1,0"}, {"-3"}, {"-1,4"}, {"2,+0"},
		{"2,-0"}, {"3"}, {"abc"}, {"2,abc"}, {"2,3,4"}, {""}, {","}, {"+2"}, {"+2,+2"}, {"2,+99"},
		{"/c/"}, {"/b(1)/"}, {`/b\(1\)/`}, {`/^e+$/`}, {`/[]x]d/`}, {`/[^a-b(]$/`}, {`/f\/g/`}, {`/zz/`}, {`/a\|e/,/e+/`}, {"/b/,+2"}, {"/b/,/a/"}, {"/a/,/a/"}, {"/a"},
		{"4,5", "1,2"}, {"1,2", "2,3"}, {"1,1", "/./,+1"}, {"5", "/a/"}, {"1,5", "^/a/,+1"}, {"1,3", "/b/"}, {`/b\{1\}/,3`}, {`/[[:digit:]]/,+1`},
	} {
		args := []string{"blame", "-s"}
		for _, r := range ranges {
			args = append(args, "-L", r)
		}
		out, gitErr := runGit(dir, append(args, "--", "f")...)
		wanted, err := Ranges(ranges, lines)
		if (err == nil) != (gitErr == nil) {
			t.Errorf("%q: %v, git: %v %s", ranges, err, gitErr, out)
		}
		if err != nil || gitErr != nil {
			continue
		}
		var ours strings.Builder
		for i, line := range lines {
			if wanted(i) {
				fmt.Fprintf(&ours, "%d) %s\n", i+1, strings.TrimSuffix(line, "\n"))
			}
		}
		var theirs strings.Builder
		for line := range strings.Lines(out) {
			_, rest, _ := strings.Cut(line, " ")
			theirs.WriteString(rest)
		}
		if ours.String() != theirs.String() {
			t.Errorf("%q: %q, git has %q", ranges, ours.String(), theirs.String())
		}
	}
}

func runGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git", append([]string{"-c", "user.name=x", "-c", "user.email=x@x"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "LC_ALL=C")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.String(), err
}

func FuzzRanges(f *testing.F) {
	f.Add("1,2", "a\nb\n")
	f.Add(`/a\(b\)*[^]x]/,+3`, "a\nb\n")
	f.Fuzz(func(_ *testing.T, text, content string) {
		lines := textdiff.Split(content)
		if wanted, err := Ranges([]string{text}, lines); err == nil {
			for i := range lines {
				wanted(i)
			}
		}
	})
}
