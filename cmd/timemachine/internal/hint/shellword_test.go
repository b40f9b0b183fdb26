package hint

import (
	"os/exec"
	"strings"
	"testing"

	"timemachine/repo/record"
)

func FuzzShellWord(f *testing.F) {
	for _, s := range []string{"/etc/hosts", "a b", "it's", `back\slash`, "-dash", "$HOME", "`id`", "*", "~", "é", "new\nline", "\x1b[2J", "c1\u009b", "bidi\u202e1", "latin\xe9'\\", "#x", "", "end\n", "\n\n", "-\t%s%%!\\n$(id)\"`", "\x017"} {
		f.Add(s)
	}
	var shells []string
	for _, name := range []string{"sh", "dash", "bash"} {
		if path, err := exec.LookPath(name); err == nil {
			shells = append(shells, path)
		}
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ContainsRune(s, 0) {
			return
		}
		w := ShellWord(s)
		if i := strings.IndexFunc(w, record.Hidden); i >= 0 {
			t.Errorf("%q acts on a terminal", w)
		}
		for _, shell := range shells {
			got, err := exec.Command(shell, "-c", "printf %s. "+w).Output()
			if err != nil || string(got) != s+"." {
				t.Errorf("%s: %q became %s, and that %q, %v", shell, s, w, got, err)
			}
		}
	})
}
