package pack_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"timemachine/repo/git/pack"
	"timemachine/repo/repotest"
)

// TestAbbreviated asks for every object's beginning, packed and loose ones, and compares with git.
func TestAbbreviated(t *testing.T) {
	dir := repotest.InMemory(t)
	repotest.Git(t, dir, "init", "-q")
	commit := func(from, to int) {
		for i := from; i < to; i++ {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint("f", i)), fmt.Append(nil, i), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		repotest.Git(t, dir, "add", "-A")
		repotest.Git(t, dir, "commit", "-q", "-m", "some")
	}
	commit(0, 600)
	repotest.Git(t, dir, "repack", "-q", "-d")
	commit(600, 900)
	s, err := pack.OpenStore(filepath.Join(dir, ".git", "objects"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	several := 0
	for _, line := range repotest.Lines(t, dir, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)") {
		ids, err := s.Abbreviated(line[:4])
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, id := range ids {
			got = append(got, id.String())
			if !strings.HasPrefix(id.String(), line[:4]) {
				t.Errorf("%s: %s", line[:4], id)
			}
		}
		if !slices.Contains(got, line) {
			t.Errorf("%s is missing in %q", line, got)
		}
		if len(got) > 1 {
			several++
			want := repotest.Lines(t, dir, "rev-parse", "--disambiguate="+line[:4])
			if slices.Sort(want); !slices.Equal(got, want) {
				t.Errorf("%s: %q, git says %q", line[:4], got, want)
			}
		}
		if ids, err := s.Abbreviated(line); err != nil || len(ids) != 1 {
			t.Errorf("%s: %v, %v", line, ids, err)
		}
	}
	if several == 0 {
		t.Error("no two objects begin alike: nothing was told apart")
	}
	for _, bad := range []string{"", "abc", "wxyz", "ABCD "} {
		if ids, err := s.Abbreviated(bad); err == nil {
			t.Errorf("%q: %v", bad, ids)
		}
	}
}
