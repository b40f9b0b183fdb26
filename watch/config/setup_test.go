package config

import (
	"os"
	"path/filepath"
	"testing"

	"timemachine/repo/repotest"
)

// TestSetPush adds the key to the full form alone, and changes no other byte.
func TestSetPush(t *testing.T) {
	env := Env{UID: -1}
	for before, want := range map[string]string{
		"destination: /d\nwatch:\n  - /a\n":            "destination: /d\nwatch:\n  - /a\npush: origin\n",
		"# mine\nwatch: [/a]  # all\nexclude: ['*.b']": "# mine\nwatch: [/a]  # all\nexclude: ['*.b']\npush: origin",
		"watch: [/a]\npush: {remote: other}\n":         "watch: [/a]\npush: {remote: other}\n",
		"- /a\n":                                       "",
		"{watch: [/a]}\n":                              "",
		"":                                             "",
	} {
		file := filepath.Join(repotest.InMemory(t), "config.dat")
		if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		err := SetPush(file, env, "origin")
		if want == "" {
			if want = before; err == nil {
				t.Errorf("%q: no error", before)
			}
		} else if err != nil {
			t.Errorf("%q: %v", before, err)
		}
		if got, _ := os.ReadFile(file); string(got) != want {
			t.Errorf("%q became %q", before, got)
		}
	}
}

// TestDestinationIsQuoted: whatever a destination's name holds, the file that is created names it.
func TestDestinationIsQuoted(t *testing.T) {
	for _, dest := range []string{"/var/backups/timemachine", "/a b", "/$HOME/*", "/x: y # z", `/q"uote\`, "/[1]"} {
		file := filepath.Join(repotest.InMemory(t), "config.dat")
		if err := CreateWithDestination(file, dest); err != nil {
			t.Fatal(err)
		}
		c, err := Load(file, Env{UID: -1})
		if err != nil || c.Destination != dest || len(c.Entries) != 0 {
			t.Errorf("%q: %v %v", dest, c, err)
		}
		if st, err := os.Stat(file); err != nil || st.Mode().Perm() != 0o600 {
			t.Errorf("%q: %v %v", dest, st.Mode(), err)
		}
	}
}
