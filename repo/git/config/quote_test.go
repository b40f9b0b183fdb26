package config

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestQuote: git and Parse read what Quote writes, whatever the value.
func TestQuote(t *testing.T) {
	for _, value := range []string{"main", "hosts/web1", `a"b`, "a#b", "a;b", `C:\x\y`, " a ", "a\tb", "ä", "https://u:p@h/x?y=1#z", `"quoted"`} {
		path := filepath.Join(t.TempDir(), "config")
		text := "[a " + QuoteName(value) + "]\n\tkey = " + Quote(value) + "\n[b]\n\tkey = " + Quote(value) + "\n"
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"b.key", "a." + value + ".key"} {
			out, err := exec.Command("git", "config", "-f", path, "--get", key).Output()
			if got := strings.TrimSuffix(string(out), "\n"); err != nil || got != value {
				t.Errorf("%q: git reads %q as %s, %v", value, got, key, err)
			}
		}
		f, err := Parse([]byte(text))
		if err != nil || f.Get("b", "key") != value || f.Raw.Section("a").Subsection(value).Options.Get("key") != value {
			t.Errorf("%q: Parse reads %q, %v", value, f.Get("b", "key"), err)
		}
	}
}
