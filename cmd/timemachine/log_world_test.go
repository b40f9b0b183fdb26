package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// logWorld is a folder with a history of hostile names and all events.
type logWorld struct {
	t   *testing.T
	dir string // with the destination
	top string // what is watched
}

func newLogWorld(t *testing.T) *logWorld {
	w := &logWorld{t: t, dir: repotest.InMemory(t)}
	w.top = filepath.Join(w.dir, "w")
	long := filepath.Join(strings.Repeat("a", 100), strings.Repeat("日本", 33), strings.Repeat("c", 100))
	names := []string{"plain", "with\nnewline", "日本語のとても長い名前のファイル、そしてもっと長い名前です。日本語のとても長い名前",
		"e\u0301e\u0301e\u0301", "esc\x1b[2J", "latin-\xe9", "'quoted \"both\"'", "tab\there", filepath.Join(long, "deep"), filepath.Join(long, "日本語")}
	for _, name := range names {
		w.write(name, strings.Repeat("x", 1500)+"\n")
	}
	for i := range 40 {
		w.write(fmt.Sprintf("lib/sub/%d.py", i), "print()\n")
	}
	w.run("add", w.top)
	for i, name := range names {
		w.write(name, strings.Repeat("y", 2000*i)+"\n")
	}
	w.run()
	for i, name := range names {
		w.must(os.Chmod(filepath.Join(w.top, name), 0o600))
		if i%2 == 0 {
			w.must(os.Rename(filepath.Join(w.top, name), filepath.Join(w.top, name+"-renamed")))
		}
	}
	w.run()
	for i := range 40 {
		w.must(os.Chmod(filepath.Join(w.top, fmt.Sprintf("lib/sub/%d.py", i)), 0o755))
	}
	w.must(os.Remove(filepath.Join(w.top, names[1])), os.Symlink("plain", filepath.Join(w.top, names[1])))
	w.write("extra", "one\n")
	w.run()
	w.must(os.RemoveAll(filepath.Join(w.top, "lib")), os.RemoveAll(filepath.Join(w.top, strings.Repeat("a", 100))))
	w.run()
	w.run("restore", filepath.Join(w.top, "lib"), "-q")
	return w
}

func (w *logWorld) must(errs ...error) {
	w.t.Helper()
	for _, err := range errs {
		if err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *logWorld) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.top, name)
	w.must(os.MkdirAll(filepath.Dir(path), 0o755))
	write(w.t, path, []byte(text))
}

// run runs the program with its output in a pipe.
func (w *logWorld) run(args ...string) string {
	w.t.Helper()
	cmd := exec.Command("timemachine", append([]string{"-cl", w.dir, "-d", filepath.Join(w.dir, "dest")}, args...)...)
	cmd.Env = append(os.Environ(), "HOME="+w.dir, "XDG_STATE_HOME="+filepath.Join(w.dir, "state"), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C.UTF-8", "TZ=UTC")
	var problems bytes.Buffer
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%q: %v: %.500s", args, err, problems.String())
	}
	return string(out)
}

// sources are all sources of the history.
func (w *logWorld) sources() []string {
	seen := map[string]bool{}
	var list []string
	for line := range strings.Lines(w.run("log", "--json")) {
		var v struct {
			Source string
			Bytes  string `json:"source_bytes"`
		}
		w.must(json.Unmarshal([]byte(line), &v))
		if v.Bytes == "" && !seen[v.Source] {
			seen[v.Source] = true
			list = append(list, v.Source)
		}
	}
	return list
}
