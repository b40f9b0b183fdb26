package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// bareApp is an execution in an empty folder, with an empty environment.
func bareApp(t *testing.T, args ...string) *app {
	dir := t.TempDir()
	return &app{
		args:   args,
		stdout: io.Discard,
		stderr: io.Discard,
		lookup: func(string) (string, bool) { return "", false },
		now:    time.Now,
		zone:   time.UTC,
		dir:    dir,
		uid:    os.Geteuid(),
		account: account{
			login: "somebody",
			home:  dir,
		},
		host: "host",
	}
}

// TestManual writes the pages twice. They are equal, every command and topic has one, with a date,
// the exit status and other pages to see, and groff prints no warning.
func TestManual(t *testing.T) {
	dirs := []string{t.TempDir(), t.TempDir()}
	for _, dir := range dirs {
		a := bareApp(t, "man", dir)
		a.lookup = func(name string) (string, bool) { return "1795392000", name == "SOURCE_DATE_EPOCH" }
		if code := a.execute(context.Background()); code != 0 {
			t.Fatalf("exit %d", code)
		}
	}
	root := bareApp(t).rootCommand()
	for _, cmd := range root.Commands() {
		if !hasPage(cmd) {
			continue
		}
		pages := [2][]byte{}
		for i, dir := range dirs {
			var err error
			if pages[i], err = os.ReadFile(filepath.Join(dir, manName(cmd))); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(pages[0], pages[1]) {
			t.Errorf("%s differs from one time to the next", manName(cmd))
		}
		if !bytes.Contains(pages[0], []byte(escapeRoff(cmd.Short))) {
			t.Errorf("%s does not say what it is about", manName(cmd))
		}
		for _, part := range []string{" 2026-11-23 ", "\n.SH \"EXIT STATUS\"\n", "\n.SH \"SEE ALSO\"\n", "config.dat"} {
			if !bytes.Contains(pages[0], []byte(part)) && (cmd.Runnable() || !strings.Contains(part, "EXIT")) {
				t.Errorf("%s has no %q", manName(cmd), part)
			}
		}
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Skip("no groff here")
	}
	files, _ := filepath.Glob(filepath.Join(dirs[0], "*"))
	out, err := exec.Command(groff, append([]string{"-man", "-Tutf8", "-ww", "-z"}, files...)...).CombinedOutput()
	if err != nil || len(out) > 0 {
		t.Errorf("groff: %v %s", err, out)
	}
}

func TestRoffKeepsText(t *testing.T) {
	var p roff
	p.prose("One line\nof a paragraph -- with dashes.\n\nFiles (or not):\n  .hidden  a \\ line\n\n'quoted' begins")
	want := `One line
of a paragraph \-\- with dashes.
.SH FILES
Or not.
.nf
  .hidden  a \e line
.fi
.PP
\&'quoted' begins
`
	if got := p.String(); got != want {
		t.Errorf("got\n%s", got)
	}
	if got := escapeRoff("restore PATH…"); strings.Contains(got, "…") {
		t.Errorf("%q", got)
	}
}
