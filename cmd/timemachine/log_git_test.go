package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// TestLogSearchesAsGit: -S and -G find the commits that those of git log find, and -p shows git's
// changes.
func TestLogSearchesAsGit(t *testing.T) {
	t.Parallel()
	w := &logWorld{t: t, dir: repotest.InMemory(t)}
	w.top = filepath.Join(w.dir, "w")
	random := rand.New(rand.NewPCG(1, 2))
	words := []string{"set -eu", "foo", "foofoo", "fo.o", "umlaut ä", "bar\x00", "tail"}
	simple := make([]string, 30) // one line of it changes
	for i := range simple {
		simple[i] = fmt.Sprintln("line", i)
	}
	for i := range 25 {
		simple[random.IntN(len(simple))] = fmt.Sprintln("changed", i)
		w.write("simple", strings.Join(simple, ""))
		for f := range 3 {
			name := fmt.Sprintf("file%d", f)
			if random.IntN(8) == 0 {
				w.must(os.RemoveAll(filepath.Join(w.top, name)))
				continue
			}
			var text strings.Builder
			fmt.Fprintf(&text, "%d %d\n", i, f) // no two contents are alike: nothing is a rename
			for range random.IntN(12) {
				word := words[random.IntN(len(words))]
				if f < 2 {
					word = strings.TrimSuffix(word, "\x00")
				}
				text.WriteString(word + []string{"\n", " "}[random.IntN(2)])
			}
			w.write(name, text.String())
		}
		if i == 0 {
			w.run("add", w.top)
		} else {
			w.run()
		}
	}
	dest := filepath.Join(w.dir, "dest")
	found := 0
	for _, flag := range []string{"-S", "-G"} {
		for _, word := range []string{"set -eu", "foo", "foofoo", "fo[.]o", "ä", "^foo", "l$", "bar", "none", "foo\nfoo"} {
			if flag == "-G" && strings.Contains(word, "\n") {
				continue
			}
			for _, name := range []string{"", "/file0", "/file2"} {
				want := strings.Fields(repotest.Git(t, dest, "log", "--no-renames", "--full-history", "--format=%H", flag, word, "--", "files"+w.top+name))
				got := strings.Fields(w.run("log", flag, word, "--format=%H", w.top+name))
				slices.Sort(want)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("%s %q %s: %d commits, git finds %d", flag, word, name, len(got), len(want))
				}
				found += len(want)
			}
		}
	}
	if found < 200 {
		t.Errorf("%d commits found: the history is too small", found)
	}
	compared := 0
	patch := regexp.MustCompile(`(?m)^(?:@@ .* @@|[-+ \\].*|Binary files .*)$`)
	for _, id := range strings.Fields(w.run("log", "--format=%H")) {
		subject := strings.TrimSpace(repotest.Git(t, dest, "log", "-1", "--format=%s", id))
		source := subject[strings.LastIndex(subject, " ")+1:]
		if !strings.HasSuffix(source, "/simple") {
			continue
		}
		compared++
		want := repotest.Git(t, dest, "show", "--patience", "--no-renames", "--format=", id, "--", "files")
		want = regexp.MustCompile(`(?m)^(@@ .* @@).*$`).ReplaceAllString(strings.ReplaceAll(want, "/files/", "/"), "$1")
		all := w.run("log", "-p", source)
		_, got, _ := strings.Cut(all, "  "+id[:10]+"  ")
		if next := regexp.MustCompile(`(?m)^\d{4}-`).FindStringIndex(got); next != nil {
			got = got[:next[0]]
		}
		head := func(lines []string) []string {
			return slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "+++ ") || strings.HasPrefix(l, "--- ") })
		}
		_, got, _ = strings.Cut(got, "\n")
		if a, b := head(patch.FindAllString(got, -1)), head(patch.FindAllString(want, -1)); !slices.Equal(a, b) {
			t.Errorf("%s %s:\n%q\ngit:\n%q", id[:10], source, a, b)
		}
	}
	if compared != 25 {
		t.Errorf("%d changes were compared", compared)
	}
}

// TestLogFormatsAsGit: --format and --oneline print what git log prints.
func TestLogFormatsAsGit(t *testing.T) {
	d := newDamaged(t)
	const format = "%H|%T|%P|%s|%b|%B|%an|%ae|%cn|%ce|%ad|%ai|%as|%at|%ar|%cd|%ci|%cs|%ct|%cr|%n%%|%x41"
	run := func(args ...string) string {
		out, code := d.timemachine(args...)
		if code != 0 {
			t.Errorf("%q: exit %d: %s", args, code, out)
		}
		return out
	}
	want, got := "", "not yet"
	for try := 0; got != want && try < 5; try++ { // a second can pass between the two
		want = repotest.Git(t, d.dest, "log", "--abbrev=10", "--format="+format)
		got = run("log", "--format="+format)
	}
	if got != want {
		t.Errorf("%s\ngit:\n%s", got, want)
	}
	want = repotest.Git(t, d.dest, "log", "--abbrev=10", "--oneline", "--no-decorate", "-2")
	if got := run("log", "--oneline", "-2"); got != want {
		t.Errorf("%s\ngit:\n%s", got, want)
	}
	for _, wrong := range []string{"%q", "%", "plain", "%x4", "%ax"} {
		if out, code := d.timemachine("log", "--format", wrong); code != 2 || !strings.Contains(out, "hint: it may hold %H") {
			t.Errorf("%q: exit %d: %s", wrong, code, out)
		}
	}
}
