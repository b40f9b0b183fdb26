package textdiff

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// apply makes the new text of the old one by the edits, and fails where they are out of order.
func apply(t *testing.T, old, new []string, edits []Edit) string {
	t.Helper()
	var b strings.Builder
	x, y := 0, 0
	for i, e := range edits {
		if e.Start < x || e.NewStart < y || e.End < e.Start || e.NewEnd < e.NewStart || i > 0 && e.Start == x {
			t.Fatalf("edit %+v after old line %d, new line %d", e, x, y)
		}
		b.WriteString(strings.Join(old[x:e.Start], ""))
		b.WriteString(strings.Join(new[e.NewStart:e.NewEnd], ""))
		x, y = e.End, e.NewEnd
	}
	b.WriteString(strings.Join(old[x:], ""))
	return b.String()
}

func TestLines(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"", "", "[]"},
		{"a\nb\n", "a\nb\n", "[]"},
		{"", "a\n", "[{0 0 0 1}]"},
		{"a\n", "", "[{0 1 0 0}]"},
		{"a\nb\nc\n", "a\nB\nc\n", "[{1 2 1 2}]"},
		{"a\nb", "a\nb\n", "[{1 2 1 2}]"},
		{"a\nb\nc\nd\n", "b\nc\nd\ne\n", "[{0 1 0 0} {4 4 3 4}]"},
		{"}\n}\n}\n", "}\nx\n}\n}\n", "[{1 1 1 2}]"},
	} {
		old, new := Split(c.old), Split(c.new)
		edits := Lines(old, new)
		if got := strings.ReplaceAll(fmt.Sprint(edits), "[]textdiff.Edit", ""); got != c.want {
			t.Errorf("%q to %q: %s, want %s", c.old, c.new, got, c.want)
		}
		if got := apply(t, old, new, edits); got != c.new {
			t.Errorf("%q to %q: makes %q", c.old, c.new, got)
		}
	}
}

// TestAgainstGit edits texts at random: the edits must make the new text, and be about as few as
// git's.
func TestAgainstGit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	dir := t.TempDir()
	ours, gits := 0, 0
	for range 40 {
		old := make([]string, r.IntN(400))
		for i := range old {
			old[i] = fmt.Sprintf("line %d\n", r.IntN(300))
		}
		var new []string
		for _, line := range old {
			switch r.IntN(20) {
			case 0:
			case 1:
				new = append(new, line, fmt.Sprintf("more %d\n", r.IntN(50)))
			default:
				new = append(new, line)
			}
		}
		edits := Lines(old, new)
		if got := apply(t, old, new, edits); got != strings.Join(new, "") {
			t.Fatal("the edits do not make the new text")
		}
		for _, e := range edits {
			ours += e.End - e.Start + e.NewEnd - e.NewStart
		}
		gits += gitCount(t, dir, old, new)
	}
	if ours > gits*11/10 {
		t.Errorf("%d lines changed, git says %d", ours, gits)
	}
}

func gitCount(t *testing.T, dir string, old, new []string) int {
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if err := os.WriteFile(a, []byte(strings.Join(old, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b, []byte(strings.Join(new, "")), 0o600); err != nil {
		t.Fatal(err)
	}
	// exit 1 says that they differ
	out, _ := exec.Command("git", "diff", "--no-index", "--numstat", a, b).Output()
	var added, removed int
	if len(out) > 0 {
		if _, err := fmt.Sscan(string(out), &added, &removed); err != nil {
			t.Fatal(err)
		}
	}
	return added + removed
}

func TestHunks(t *testing.T) {
	hunks := Hunks([]Edit{{5, 6, 5, 6}, {11, 12, 11, 11}, {30, 30, 29, 31}}, 40, 41, 3)
	want := "[{{2 15 2 14} [{5 6 5 6} {11 12 11 11}]} {{27 33 26 34} [{30 30 29 31}]}]"
	if got := fmt.Sprint(hunks); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestWords(t *testing.T) {
	var b strings.Builder
	for _, p := range Words("listen 80;\nname old;\n", "listen 443 ssl;\nname old;\n") {
		switch p.Kind {
		case Removed:
			b.WriteString("[-" + p.Text + "-]")
		case Added:
			b.WriteString("{+" + p.Text + "+}")
		default:
			b.WriteString(p.Text)
		}
	}
	if got := b.String(); got != "listen [-80-]{+443 ssl+};\nname old;\n" {
		t.Errorf("%q", got)
	}
}

func FuzzLines(f *testing.F) {
	f.Add("a\nb\nc\n", "b\nc\nd\n")
	f.Add("a\na\nb\na\n", "a\nb\nb\na")
	f.Fuzz(func(t *testing.T, a, b string) {
		old, new := Split(a), Split(b)
		if got := apply(t, old, new, Lines(old, new)); got != b {
			t.Errorf("%q to %q makes %q", a, b, got)
		}
		var kept, made strings.Builder
		for _, p := range Words(a, b) {
			if p.Kind != Added {
				kept.WriteString(p.Text)
			}
			if p.Kind != Removed {
				made.WriteString(p.Text)
			}
		}
		if kept.String() != a || made.String() != b {
			t.Errorf("words of %q and %q: %q, %q", a, b, kept.String(), made.String())
		}
	})
}

// TestBounded compares what has nothing in common but lines that repeat: the worst case of other
// algorithms.
func TestBounded(t *testing.T) {
	old, new := make([]string, 300_000), make([]string, 300_000)
	r := rand.New(rand.NewPCG(3, 4))
	for i := range old {
		old[i], new[i] = fmt.Sprintln(r.IntN(1000)), fmt.Sprintln(r.IntN(1000))
	}
	if got := apply(t, old, new, Lines(old, new)); got != strings.Join(new, "") {
		t.Error("the edits do not make the new text")
	}
}
