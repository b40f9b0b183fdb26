package repo

import (
	"os/exec"
	"strings"
	"testing"
)

func FuzzShellWord(f *testing.F) {
	for _, s := range []string{"/etc/hosts", "a b", "it's", `back\slash`, "-dash", "$HOME", "`id`", "*", "~", "é", "new\nline", "\x1b[2J", "c1\u009b", "bidi\u202e1", "latin\xe9'\\", "#x", ""} {
		f.Add(s)
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		f.Skip("no bash here")
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) {
			return
		}
		w := ShellWord(s)
		if i := strings.IndexFunc(w, unprintable); i >= 0 {
			t.Errorf("%q acts on a terminal", w)
		}
		got, err := exec.Command(bash, "-c", "printf %s. "+w).Output()
		if err != nil || string(got) != s+"." {
			t.Errorf("%q became %s, and that %q, %v", s, w, got, err)
		}
	})
}
