package layout

import (
	"errors"
	"strings"
	"testing"
)

var treePaths = []struct{ name, source, want string }{
	{"ordinary", "/etc/hosts", "files/etc/hosts"},
	{"percent", "/100%.txt", "files/100%.txt"},
	{"percent and one digit", "/%2", "files/%2"},
	{"percent and letters", "/%zz", "files/%zz"},
	{"names that begin as git's", "/a/.gitignored/.github/.gitconfig/.git-credentials/.gitlab-ci.yml/HEADS/HEAD.x/xHEAD",
		"files/a/.gitignored/.github/.gitconfig/.git-credentials/.gitlab-ci.yml/HEADS/HEAD.x/xHEAD"},
	{"a repository's head", "/r/HEAD/HEAD", "files/r/%48EAD/%48EAD"},
	{"heads as a file system folds them", "/head/HeaD/HEAD./HEAD. . /HEAD /hEAD:x/H\u200cEAD/\u200cHEAD/HEAD::$DATA",
		"files/%68ead/%48eaD/%48EAD./%48EAD. . /%48EAD /%68EAD:x/%48\u200cEAD/%E2\x80\x8cHEAD/%48EAD::$DATA"},
	{"head beside a backslash", `/x\HEAD`, "files/%78%5CHEAD"},
	{"what is no head", "/HEADx/%HEAD/HE AD/ORIG_HEAD/HEAD.lock", "files/HEADx/%HEAD/HE AD/ORIG_HEAD/HEAD.lock"},
	{"escaped head", "/%48EAD", "files/%2548EAD"},
	{"ignored files", "/.gitignore/.GitIgnore. /gitign~1/gi250a~1", "files/%2Egitignore/%2EGitIgnore. /%67itign~1/%67i250a~1"},
	{"names that git reads nowhere below the top", "/.mailmap/.git-blame-ignore-revs", "files/.mailmap/.git-blame-ignore-revs"},
	{"names that end as git's", "/a.git/x.gitmodules/git", "files/a.git/x.gitmodules/git"},
	{"backslash", `/a\b`, `files/a\b`},
	{"colon, control, bytes", "/a:b\n\x1b\xff", "files/a:b\n\x1b\xff"},
	{"git", "/x/.git/config", "files/x/%2Egit/config"},
	{"git in capitals", "/.GIT", "files/%2EGIT"},
	{"git with dots", "/.git. .", "files/%2Egit. ."},
	{"git with a stream", "/.git::$INDEX_ALLOCATION", "files/%2Egit::$INDEX_ALLOCATION"},
	{"git's short name", "/GIT~1", "files/%47IT~1"},
	{"another short name", "/git~2", "files/git~2"},
	{"git with zero-width", "/.g\u200cit", "files/%2Eg\u200cit"},
	{"zero-width before git", "/\u200c.git", "files/%E2\x80\x8c.git"},
	{"git and a broken byte", "/.git\xff", "files/%2Egit\xff"},
	{"git after a backslash", `/back\.git`, `files/%62ack%5C.git`},
	{"git before a backslash", `/.git\x`, `files/%2Egit%5Cx`},
	{"dangerous with percent", "/.git:100%", "files/%2Egit:100%25"},
	{"gitmodules", "/.GitModules", "files/%2EGitModules"},
	{"gitmodules' short names", "/gitmod~1/GITMOD~4/gitmod~5", "files/%67itmod~1/%47ITMOD~4/gitmod~5"},
	{"gitmodules' hashed names", "/gi7eba~1/GI7E~123/g~123456/gi7eba~0/gi7eba~12",
		"files/%67i7eba~1/%47I7E~123/%67~123456/gi7eba~0/gi7eba~12"},
	{"gitattributes", "/.gitattributes/gitatt~2/gi7d29~9", "files/%2Egitattributes/%67itatt~2/%67i7d29~9"},
	{"escaped", "/%2Egit/%2e", "files/%252Egit/%252e"},
	{"escaped twice", "/%252Egit", "files/%25252Egit"},
	{"shortened", "/%~x", "files/%25~x"},
}

func TestTreePath(t *testing.T) {
	for _, c := range treePaths {
		t.Run(c.name, func(t *testing.T) {
			got, err := TreePath(c.source)
			if err != nil || got != c.want {
				t.Fatalf("TreePath(%q) = %q, %v; want %q", c.source, got, err, c.want)
			}
			if back, ok := Source(got); !ok || back != c.source {
				t.Fatalf("Source(%q) = %q, %v; want %q", got, back, ok, c.source)
			}
		})
	}
}

func TestTreePathRefuses(t *testing.T) {
	for _, source := range []string{"", "etc", "/", "//", "/a//b", "/a/", "/./a", "/a/..", "/a\x00b"} {
		if got, err := TreePath(source); err == nil {
			t.Errorf("TreePath(%q) = %q; want an error", source, got)
		}
	}
}

func TestTreePathTooLong(t *testing.T) {
	long := strings.Repeat("/"+strings.Repeat("d", 199), 20)
	fits := long + "/" + strings.Repeat("f", MaxPath-len("files")-len(long)-1)
	if got, err := TreePath(fits); err != nil || len(got) != MaxPath {
		t.Errorf("path of %d bytes: %v; want %d bytes", len(got), err, MaxPath)
	}
	_, err := TreePath(fits + "f")
	var tooLong *TooLongError
	if !errors.As(err, &tooLong) || tooLong.Len != MaxPath+1 || tooLong.Source != fits+"f" {
		t.Errorf("error %v; want a *TooLongError of %d bytes", err, MaxPath+1)
	}
	if len(err.Error()) > 200 {
		t.Errorf("message of %d bytes", len(err.Error()))
	}
}

func TestTreePathShortens(t *testing.T) {
	for _, c := range []struct{ name, base, head string }{
		{"by its escapes", ".git:" + strings.Repeat("%", 100), ".git:" + strings.Repeat("%25", 77)},
		{"too long itself", strings.Repeat("x", 256), strings.Repeat("x", 236)},
		{"runes", strings.Repeat("€", 100), strings.Repeat("€", 78)},
		{"git after a cut", strings.Repeat("x", 231) + `\.git` + strings.Repeat("y", 30), strings.Repeat("x", 231) + "%5C.g"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := TreePath("/a/" + c.base + "/b")
			want := "files/a/%~" + hash(c.base) + "~" + c.head + "/b"
			if err != nil || got != want {
				t.Fatalf("got %q, %v\nwant %q", got, err, want)
			}
			if source, ok := Source(got); ok {
				t.Errorf("Source = %q; want none", source)
			}
		})
	}
	at, over := strings.Repeat("x", 255), strings.Repeat("x", 256)
	if got, _ := TreePath("/" + at); got != "files/"+at {
		t.Errorf("255 bytes: %q", got)
	}
	if got, _ := TreePath("/" + over); len(got) != len("files/")+255 {
		t.Errorf("256 bytes: %q", got)
	}
}

func TestSourceRefuses(t *testing.T) {
	for _, path := range []string{
		"", "files", "files/", "files//a", "files/a/", "file/a", "copies/a", "/files/a", "files/../a", ".gitattributes",
		"files/.git", `files/a\.git`, "files/%2egit", "files/%41bc", "files/%2Egit%", "files/%2Egit%2", "files/%2Egit%zz",
		"files/%2Fa", "files/%2E", "files/%00", "files/%~", "files/a/%~0123456789abcdef~x", `files/%62ack\.git`, "files/%48ead2",
	} {
		if source, ok := Source(path); ok {
			t.Errorf("Source(%q) = %q; want none", path, source)
		}
	}
}

func FuzzTreePath(f *testing.F) {
	for _, c := range treePaths {
		f.Add(c.source)
		f.Add(c.want)
	}
	f.Add("/" + strings.Repeat("%2E", 90))
	f.Fuzz(func(t *testing.T, s string) {
		if source, ok := Source(s); ok {
			if spelling, ok := SpelledAs(source, s); ok && spelling != Usual {
				return // the other spellings have their own test
			}
			if again, err := TreePath(source); err != nil || again != s {
				t.Fatalf("%q → %q → %q, %v", s, source, again, err)
			}
		}
		path, err := TreePath(s)
		if err != nil {
			return
		}
		for name := range strings.SplitSeq(path, "/") {
			if dangerous(name) || readByGit(name) || len(name) > maxName {
				t.Fatalf("TreePath(%q) = %q: component %q", s, path, name)
			}
		}
		source, ok := Source(path)
		if ok && source != s || !ok && !strings.Contains(path, "/%~") {
			t.Fatalf("%q → %q → %q, %v", s, path, source, ok)
		}
	})
}

func BenchmarkTreePath(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := TreePath("/home/user/projects/website/.github/workflows/build.yml"); err != nil {
			b.Fatal(err)
		}
	}
}

func TestTreePathAllocates(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { _, _ = TreePath("/etc/nginx/sites-enabled/.gitignore") }); n > 1 {
		t.Errorf("%v allocations; want 1", n)
	}
}

func TestDisjoint(t *testing.T) {
	for list, want := range map[string]string{
		"/a /b/c":                "/a /b/c",
		"/a /a/b /a/b/c /a-b":    "/a /a-b",
		"/a/b/c /a /a/b/d /a/b":  "/a/b/c /a/b/d",
		"/a/y /a /a/x":           "/a/y /a/x",
		"/a/b/c/d /a/b /a/b/c/e": "/a/b/c/d /a/b/c/e",
		"/a/ /a/b/ /a/b/c /a/d":  "/a/ /a/b/ /a/b/c /a/d", // folders end in a slash
		"/a/b/c /a/b/ /a/ /a":    "/a/b/c /a/b/ /a/",
		"/a /a/b/ /a/b/c /d/e/":  "/a /d/e/",
		"/a/b/ /a /a/c":          "/a/b/ /a/c",
	} {
		isFolder := func(p string) bool { return strings.HasSuffix(p, "/") }
		if got := strings.Join(Disjoint(strings.Fields(list), func(p string) string { return strings.TrimSuffix(p, "/") }, isFolder), " "); got != want {
			t.Errorf("%s: %s, want %s", list, got, want)
		}
	}
}
