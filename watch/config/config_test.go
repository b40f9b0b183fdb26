package config

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"timemachine/watch/pattern"
)

var testEnv = Env{Home: "/home/u", UID: -1, Lookup: func(name string) (string, bool) {
	v, ok := map[string]string{"X": "/srv/x*", "EMPTY": ""}[name]
	return v, ok
}}

func TestConfigErrors(t *testing.T) {
	for text, want := range map[string]string{
		"- /a\n- !*.swp\n":                     ":2:",
		"- /a\n- *.md\n":                       ":2:",
		"- 12\n":                               ":1:3: 12 is not a text",
		"- yes\n- true\n":                      "true is not a text",
		"- \"\"\n":                             "is empty",
		"-\n- /a\n":                            "is empty",
		"copies:\n  keep: all\n  keep: none\n": "keep is told twice",
		"- path: /a\n  exclude: [x]\n  exclude: [y]\n": "exclude is told twice",
		"- path: /a\n  path: /b\n":                     "path is told twice",
		"watsh: [/a]\n":                                `unknown key "watsh"`,
		"watch: [/a]\nwatch: [/b]\n":                   "watch",
		"push: -f\n":                                   `"-f" is not a remote`,
		"push: [origin]\n":                             "push is a remote, or a mapping",
		"push: {branch: x}\n":                          "push has no remote",
		"push: {remote: a, remote: b}\n":               "remote is told twice",
		"push: {remote: a, timeout: 10}\n":             `timeout: "10" is not a time`,
		"push: {remote: a, timeout: 10ms}\n":           "between 1s and 24h",
		"push: {remote: a, with: ssh}\n":               `with: "ssh" is none of auto, git and builtin`,
		"push: {remote: a, private: maybe}\n":          `private: "maybe" is neither yes nor no`,
		"push: {remote: a, force: yes}\n":              `unknown key "force"`,
		"copies: 30\u00a0d\n":                          "neither all nor none, a time such as 30d, nor a number of copies",
		"ignore-lines: [a]\n":                          "ignore-lines is not a mapping",
		"ignore-lines: {/a: \"^b\"}\n":                 "\"/a\" has no list of expressions",
		"ignore-lines: {/a: []}\n":                     "\"/a\" has no list of expressions",
		"ignore-lines: {/a: [\"(\"]}\n":                "is no regular expression",
		"ignore-lines: {$NOPE/a: [b]}\n":               "the variable $NOPE is not set",
		"copies: 0\n":                                  "none keeps no copy",
		"copies: {keep: 0d}\n":                         "none keeps no copy",
		"copies: {keep: 101y}\n":                       "the most is 100y",
		"copies: -3\n":                                 "neither all nor none",
		"copies: d\n":                                  "neither all nor none",
		"copies: 99999999999999999999\n":               "the most is",
		"max-size: lots\n":                             ":1:11: max-size",
		"touched: never\n":                             "neither record nor ignore",
		"- $NOPE/etc\n":                                "the variable $NOPE is not set",
		"- $EMPTY/etc\n":                               "the variable $EMPTY is empty",
		"- /a\n---\n- /b\n":                            "more than one YAML document",
		"just text\n":                                  "neither a list",
		"- [a, b]\n":                                   "a path or pattern must stand here",
		"- path: /a\n  exlude: [x]\n":                  `unknown key "exlude"`,
		"- /a\xff\n":                                   "not UTF-8",
		"watch:\n  - /a\nexclude: \"*.swp\"\n":         "exclude is not a list",
		"- /a/[\n":                                     "/a/[",
	} {
		_, err := Parse("/etc/tm/config.dat", []byte(text), testEnv)
		var wrong *Error
		if !errors.As(err, &wrong) || !strings.Contains(err.Error(), want) || wrong.Line < 1 {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestPush(t *testing.T) {
	plain := Push{Remote: "origin", Timeout: time.Minute, With: PushAuto}
	all := Push{Remote: "ssh://git@host:22/x.git", Branch: "hosts/{hostname}", Timeout: 10 * time.Minute, With: PushBuiltin, Private: true}
	for text, want := range map[string]*Push{
		"- /a\n":                              nil,
		"push: origin\n":                      &plain,
		"push:\n  remote: origin\n":           &plain,
		"push: {remote: origin, private: no}": &plain,
		"push: {remote: \"ssh://git@host:22/x.git\", branch: \"hosts/{hostname}\", timeout: 10m, with: builtin, private: yes}": &all,
	} {
		c, err := Parse("/etc/tm/config.dat", []byte(text), testEnv)
		if err != nil || (c.Push == nil) != (want == nil) || want != nil && *c.Push != *want {
			t.Errorf("%q: %+v, %v, want %+v", text, c, err, want)
		}
	}
}

func TestEntries(t *testing.T) {
	c, err := Parse("/etc/tm/config.dat", []byte("- notes.txt\n- ~/n/**/*.md\n- $X/y\n- '/lit\\*'\n- ../up\n- \"!*.bak\"\n- notes.txt\n"), testEnv)
	if err != nil {
		t.Fatal(err)
	}
	var roots []string
	for _, e := range c.Entries {
		roots = append(roots, e.Root)
	}
	if want := []string{"/etc/tm/notes.txt", "/home/u/n", "/srv/x*/y", "/lit*", "/etc/up"}; !slices.Equal(roots, want) {
		t.Errorf("roots %q, want %q", roots, want)
	}
	for path, want := range map[string]bool{"/etc/tm/notes.txt": true, "/home/u/n/a/b.md": true, "/home/u/n/b.md": true, "/home/u/n/b.txt": false,
		"/home/u/n/.git/x.md": false, "/home/u/n/.#x.md": false, "/etc/up/a/b": true, "/etc/up/a.bak": false, "/etc/up/a.bak/c": false, "/elsewhere": false} {
		if got := c.Select(path) != nil; got != want {
			t.Errorf("Select(%q) = %v", path, got)
		}
	}
}

// TestExclusionsAsGit compares exclusions with git check-ignore.
func TestExclusionsAsGit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git := func(args ...string) *exec.Cmd {
		cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
		cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
		return cmd
	}
	if out, err := git("init", "-q").CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	paths := []string{"a", "a.o", "b/a.o", "b/c/a.o", "foo/bar", "x/foo/bar", "foo/x/bar", "foo/x/y/bar", "[a]", "b", "c", "!x", "#x", "a b", "foo.txt", "fooo", "{a,b}", "d/e/f"}
	for _, pattern := range []string{"*.o", "/a", "foo/bar", "**/bar", "foo/**", "foo/**/bar", "[ab]", "[!ab]", `\[a]`, `\!x`, `\#x`, "a b", "foo*", "fo?o", "{a,b}", "d/", "d/*", "*/e", "b/*.o", "f*o"} {
		if err := os.WriteFile(filepath.Join(dir, ".git/info/exclude"), []byte(pattern+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		text := pattern
		if strings.HasPrefix(text, "/") { // absolute in timemachine only
			text = dir + text
		}
		c, err := Parse(dir+"/config.dat", []byte("watch: ["+quoteYAML(dir)+"]\nexclude: ["+quoteYAML(text)+"]\n"), testEnv)
		if err != nil {
			t.Errorf("%q: %v", pattern, err)
			continue
		}
		for _, p := range paths {
			cmd := git("check-ignore", "--no-index", "-q", "--", p)
			ignored := cmd.Run() == nil
			if got := c.Select(dir+"/"+p) == nil; got != ignored {
				t.Errorf("%q on %q: excluded %v, git says %v", pattern, p, got, ignored)
			}
		}
	}
}

func TestEditsTouchNothingElse(t *testing.T) {
	for _, tt := range []struct{ before, added string }{
		{"", "- /new\n"},
		{"# mine\n", "# mine\n- /new\n"},
		{"- /a   # why\n\n\n# end\n", "- /a   # why\n- /new\n\n\n# end\n"},
		{"-   /a\r\n-   /b\r\n", "-   /a\r\n-   /b\r\n-   /new\r\n"},
		{"- /a", "- /a\n- /new"},
		{"[]\n", "[/new]\n"},
		{"[/a, '/b']  # flow\n", "[/a, '/b', /new]  # flow\n"},
		{"watch:\n    - /a\n\nexclude: [\"*~\"]\n", "watch:\n    - /a\n    - /new\n\nexclude: [\"*~\"]\n"},
		{"watch:\nmax-size:   1GiB\n", "watch:\n  - /new\nmax-size:   1GiB\n"},
		{"destination: /d\n", "destination: /d\nwatch:\n  - /new\n"},
		{"watch:\n- path: /a\n  exclude: [x]\n# c\n", "watch:\n- path: /a\n  exclude: [x]\n- /new\n# c\n"},
	} {
		file := filepath.Join(t.TempDir(), "config.dat")
		if err := os.WriteFile(file, []byte(tt.before), 0o640); err != nil {
			t.Fatal(err)
		}
		if _, _, err := AddEntries(file, testEnv, []string{"/new"}); err != nil {
			t.Errorf("%q: %v", tt.before, err)
			continue
		}
		if got, _ := os.ReadFile(file); string(got) != tt.added {
			t.Errorf("%q\nbecomes %q\nwant    %q", tt.before, got, tt.added)
		}
		if st, _ := os.Stat(file); st.Mode().Perm() != 0o640 {
			t.Errorf("mode %v", st.Mode())
		}
		if _, unknown, err := RemoveEntries(file, testEnv, []string{"/new"}); err != nil || len(unknown) > 0 {
			t.Errorf("%q: remove: %v %v", tt.before, unknown, err)
		}
		got, _ := os.ReadFile(file)
		if strings.TrimSuffix(string(got), "\n") != strings.TrimSuffix(tt.before, "\n") && tt.before != "destination: /d\n" {
			t.Errorf("%q\nends as %q", tt.before, got)
		}
	}
}

// TestRemoveLeavesComments removes items of lists whose other lines, comments among them, must stay
// as they are.
func TestRemoveLeavesComments(t *testing.T) {
	flow := "watch: [\n  # a\n  /a,\n  # b\n  /b,\n  # c\n  /c\n]\n"
	for _, tt := range []struct{ before, path, after string }{
		{flow, "/a", strings.Replace(flow, "  /a,\n", "", 1)},
		{flow, "/b", strings.Replace(flow, "  /b,\n", "", 1)},
		{flow, "/c", strings.Replace(flow, "  /c\n", "", 1)},
		{"[/a, /b, /c]\n", "/a", "[/b, /c]\n"},
		{"[/a, /b, /c]\n", "/b", "[/a, /c]\n"},
		{"[/a, /b, /c]\n", "/c", "[/a, /b]\n"},
		{"[/a]\n", "/a", "[]\n"},
		{"# a\n- /a\n# b\n- /b\n", "/a", "# a\n# b\n- /b\n"},
	} {
		file := filepath.Join(t.TempDir(), "config.dat")
		if err := os.WriteFile(file, []byte(tt.before), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, unknown, err := RemoveEntries(file, testEnv, []string{tt.path}); err != nil || len(unknown) > 0 {
			t.Errorf("%q less %s: %v %v", tt.before, tt.path, unknown, err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != tt.after {
			t.Errorf("%q less %s is %q, want %q", tt.before, tt.path, got, tt.after)
		}
	}
}

// TestLineOfABracket: a bracket that is not closed is named with its own line, also below one that
// is.
func TestLineOfABracket(t *testing.T) {
	for text, line := range map[string]int{
		"[/a\n":                                1,
		"watch: [/a\n":                         1,
		"watch: [/a]\nexclude: [\"*.bak\"\n":   2,
		"watch:\n- /a\nexclude: [\"*.bak\"\n":  3,
		"watch: [/a]\n\npush: {remote: r\n":    3,
		"watch: [/a]\nexclude: [b\n  c: d e\n": 2,
		"watch:\n- /a\nexclude: [[a], [b\n":    3,
	} {
		_, err := Parse("/c", []byte(text), testEnv)
		if err == nil || !strings.HasPrefix(err.Error(), fmt.Sprintf("/c:%d:1: ", line)) {
			t.Errorf("%q: %v, want line %d", text, err, line)
		}
	}
}

func FuzzParseConfig(f *testing.F) {
	for _, s := range []string{"- /a\n", "watch:\n- path: /a\n  exclude: ['*.x']\n", "- !*.swp\n", "- *.md\n", "a: &x b\n<<: *x\n", "- |\n  block\n", "[]", "\xef\xbb\xbf- /a\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("/etc/tm/config.dat", data, testEnv)
		if err == nil && len(c.Entries) > len(c.Lines()) {
			t.Errorf("%d entries of %d lines", len(c.Entries), len(c.Lines()))
		}
	})
}

func FuzzAddRemove(f *testing.F) {
	for _, s := range []string{"", "- /a\n", "# c\n- /a # x\n", "[/a, /b]", "watch:\n  - /a\n", "watch: [/a]\nexclude: ['x']\n", "- /a\r\n", "---\n- /a\n...\n"} {
		f.Add([]byte(s), "/new file")
	}
	f.Fuzz(func(t *testing.T, data []byte, path string) {
		c, err := Parse("/etc/tm/config.dat", data, testEnv)
		if err != nil || !filepath.IsAbs(path) || strings.ContainsRune(path, 0) {
			return
		}
		text := strings.ReplaceAll(pattern.Escape(path), "$", `\$`)
		changed, err := insertItem(c.File, data, text)
		if err != nil || verifyEdit(c.File, changed, testEnv, append(c.Lines(), text)) != nil {
			return // the edit is refused
		}
		back, err := deleteItem(c.File, changed, len(c.Lines()))
		if err != nil {
			t.Fatal(err)
		}
		if verifyEdit(c.File, back, testEnv, c.Lines()) != nil {
			t.Errorf("%q + %q = %q, less it %q", data, path, changed, back)
		}
	})
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"*.o", "/a/**/b", "[!a-z]x", "**", "a\\", "[", "!x/", "{a,b}", "[[:alpha:]]", "b", "b*", "?.o", "b?*", "*b?o", "[b].*", "*[o]", "*", "\\b.o", "*\\o", "a/*.o", "/w/a/*", "*b[.]?", "*;?"} {
		f.Add(s, "/w/a/b.o")
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		if x, err := pattern.CompileExclusion(text); err == nil && strings.HasPrefix(path, "/") {
			e := &Entry{Glob: pattern.Glob{Root: "/w"}, folder: "/c"}
			e.addRule(&Rule{Exclusion: *x})
			name := path[strings.LastIndexByte(path, '/')+1:]
			if applies := x.Matches("/w", "/c", path, name, true) && !x.Include && path != "/w"; applies != e.Excludes(path, true) {
				t.Errorf("%q applies to %q is %v: the sieve says otherwise", text, path, applies)
			}
			if e.Selects(path) && !e.Matches(e.Root) {
				t.Errorf("%q selects what it does not reach: %q", text, path)
			}
		}
		if g, err := pattern.CompileGlob("/w/" + text); err == nil && strings.HasPrefix(path, "/") {
			e := &Entry{Glob: g}
			if e.Matches(path) && !e.Selects(path) {
				t.Errorf("%q matches and does not select %q", text, path)
			}
			e.MayContain(path)
		}
	})
}

// TestDefaultExclusionsOff: with them off, what they leave out is watched, and the file's own
// exclusions hold.
func TestDefaultExclusionsOff(t *testing.T) {
	for _, text := range []string{
		"default-exclusions: false\nwatch: [/w]\nexclude: ['*.bak']\n",
		"watch: [/w]\nexclude: ['*.bak']\ndefault-exclusions: false\n",
	} {
		c, err := Parse("/c/config.dat", []byte(text), Env{UID: -1})
		if err != nil {
			t.Fatal(err)
		}
		for path, selected := range map[string]bool{"/w/a~": true, "/w/.git/config": true, "/w/a.swo": true, "/w/a.bak": false} {
			if (c.Select(path) != nil) != selected {
				t.Errorf("%s: selected is %v", path, !selected)
			}
		}
	}
	if _, err := Parse("/c/config.dat", []byte("watch: [/w]\ndefault-exclusions: no way\n"), Env{UID: -1}); err == nil {
		t.Error("a value that is no truth is taken")
	}
}

// TestLineOfMistake: a mistake in the YAML is told with its own line.
func TestLineOfMistake(t *testing.T) {
	for text, want := range map[string]int{
		"watch:\n- /a\n- /b\nexclude: [a\ndestination: /x\n": 4,
		"watch: [/a\n":                1,
		"watch: [/a,\n/b\n":           1,
		"# c\n\nwatch: {a: b\n":       3,
		"watch:\n- /a\n\t- /b\n":      3,
		"watch:\n- /a\n- /b\n\tx: 1":  4,
		"watch:\n- /a\n- \"/b\n":      3,
		"watch:\n- /a\nx: y: z\n":     3,
		"watch:\n- /a\nfoo\nbar: 1\n": 3,
	} {
		_, err := Parse("/c/config.dat", []byte(text), Env{UID: -1})
		var at *Error
		if !errors.As(err, &at) || at.Line != want {
			t.Errorf("%q: %v, want line %d", text, err, want)
		}
	}
}
