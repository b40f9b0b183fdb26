package layout

import (
	"slices"
	"strings"
	"testing"
)

func TestSpellings(t *testing.T) {
	long := strings.Repeat("N", 90)
	for _, c := range []struct{ source, name, path string }{
		{"/srv/Makefile", "files/srv/%4D%61kefile", "files/%73%72v/%4D%61kefile"},
		{"/srv/A/x", "files/srv/A/%78", "files/%73%72v/%41/%78"},
		{"/srv/readMe.", "files/srv/%72%65ad%4De%2E", "files/%73%72v/%72%65ad%4De%2E"},
		{"/a%b\\c/\u00fc1", "files/a%b\\c/%C3%BC1", "files/%61%25b%5Cc/%C3%BC1"},
		{"/.git/x", "files/%2Egit/%78", "files/%2E%67it/%78"},
		{"/x", "files/%78", "files/%78"},
	} {
		for s, want := range map[Spelling]string{ApartName: c.name, ApartPath: c.path} {
			got, err := s.TreePath(c.source)
			if err != nil || got != want {
				t.Errorf("%q in spelling %d: %q, %v; want %q", c.source, s, got, err, want)
			}
			if back, ok := Source(got); !ok || back != c.source {
				t.Errorf("Source(%q) = %q, %v; want %q", got, back, ok, c.source)
			}
		}
	}
	got, err := ApartName.TreePath("/d/" + long)
	if want := "files/d/%~" + hash(long) + "~" + long; err != nil || got != want {
		t.Errorf("a long name: %q, %v; want %q", got, err, want)
	}
	if s, ok := SpelledAs("/d/"+long, got); !ok || s != ApartName {
		t.Errorf("a long name is in spelling %d, %v", s, ok)
	}
	if got := TreePaths("/x"); !slices.Equal(got, []string{"files/x", "files/%78"}) {
		t.Errorf("TreePaths: %q", got)
	}
	if got := TreePaths("relative"); got != nil {
		t.Errorf("TreePaths of no source: %q", got)
	}
	if folder, err := ApartName.CopyFolder("/srv/Makefile"); err != nil || folder != "copies/srv" {
		t.Errorf("copies: %q, %v", folder, err)
	}
	if path, err := ApartName.CopyPath("/srv/Makefile", moment, 0); err != nil || path != "copies/srv/"+momentStamp+"-%4D%61kefile" {
		t.Errorf("copy: %q, %v", path, err)
	}
}

// TestFormer: places from before HEAD and .gitignore were escaped lead to their sources, and are
// found. Only names with such components have another place than the usual.
func TestFormer(t *testing.T) {
	for source, want := range map[string][]string{
		"/r/HEAD":       {"files/r/%48EAD", "files/r/HEAD", "files/r/%48%45%41%44", "files/%72/%48%45%41%44"},
		"/r/.gitignore": {"files/r/%2Egitignore", "files/r/.gitignore", "files/r/%2E%67itignore", "files/%72/%2E%67itignore"},
		"/.git/hosts":   {"files/%2Egit/hosts", "files/%2Egit/%68%6Fsts", "files/%2E%67it/%68%6Fsts"},
	} {
		got := TreePaths(source)
		if !slices.Equal(got, want) {
			t.Errorf("%s: %q", source, got)
		}
		for _, path := range got {
			if back, ok := Source(path); !ok || back != source {
				t.Errorf("Source(%q) = %q, %v", path, back, ok)
			}
		}
		usual, _ := Usual.CopyFolder(source)
		if former, err := Former.CopyFolder(source); err != nil || former != usual || former != "copies"+strings.Replace(source[:strings.LastIndexByte(source, '/')], "/.git", "/%2Egit", 1) {
			t.Errorf("%s has its copies in %s, formerly %s", source, usual, former)
		}
	}
}

// FuzzSpelling: places of two sources never differ in the case of letters alone where both are
// spelled apart in all of their path, nor does one lie in the other's way; and each leads back to
// its source.
func FuzzSpelling(f *testing.F) {
	f.Add("/srv/A/x", "/srv/a/x")
	f.Add("/%41", "/A")
	f.Add("/.git", "/.GIT")
	f.Add("/"+strings.Repeat("n", 256), "/"+strings.Repeat("N", 256))
	f.Fuzz(func(t *testing.T, one, other string) {
		p, err := ApartPath.TreePath(one)
		q, err2 := ApartPath.TreePath(other)
		if err != nil || err2 != nil {
			return
		}
		if one != other && strings.EqualFold(p, q) {
			t.Fatalf("%q and %q: %q and %q", one, other, p, q)
		}
		for s := range spellings {
			p, err := s.TreePath(one)
			if err != nil {
				continue
			}
			for name := range strings.SplitSeq(p, "/") {
				if dangerous(name) || s != Former && readByGit(name) || len(name) > maxName {
					t.Fatalf("%q in spelling %d: component %q", one, s, name)
				}
			}
			if source, ok := Source(p); ok && source != one || !ok && !strings.Contains(p, "/%~") {
				t.Fatalf("%q → %q → %q, %v", one, p, source, ok)
			}
			if _, ok := SpelledAs(one, p); !ok {
				t.Fatalf("%q does not have the place %q", one, p)
			}
		}
	})
}
