package ref

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/durable"
	"timemachine/repo/repotest"
)

func TestMoves(t *testing.T) {
	dir := repotest.InMemory(t)
	repotest.Git(t, dir, "init", "-q", "-b", "main")
	for i := range 3 {
		repotest.Git(t, dir, "commit", "-q", "--allow-empty", "-m", fmt.Sprintf("number\t%d", i))
	}
	repotest.Git(t, dir, "reset", "-q", "--hard", "HEAD~")
	git, err := durable.OpenDir(filepath.Join(dir, ".git"))
	if err != nil {
		t.Fatal(err)
	}
	defer git.Close()
	moves, err := New(git, git).Moves("refs/heads/main")
	if err != nil {
		t.Fatal(err)
	}
	want := repotest.Lines(t, dir, "log", "-g", "--format=%H %gs", "main")
	slices.Reverse(want)
	if len(moves) != len(want) {
		t.Fatalf("%d moves, want %d", len(moves), len(want))
	}
	for i, m := range moves {
		if got := m.New.String() + " " + m.Message; strings.ReplaceAll(got, "\t", " ") != strings.ReplaceAll(want[i], "\t", " ") {
			t.Errorf("move %d: %q, want %q", i, got, want[i])
		}
		if i > 0 && m.Old != moves[i-1].New || i == 0 && !m.Old.IsZero() {
			t.Errorf("move %d: from %s", i, m.Old)
		}
	}
	if none, err := New(git, git).Moves("refs/heads/none"); len(none) != 0 || err != nil {
		t.Errorf("no branch: %v, %v", none, err)
	}
}
