//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// errand is what a person wants, what has happened before, and what that person types. The screens
// together must show what show matches.
type errand struct {
	wants  string
	before string // a shell script in the folder above etc
	typed  []string
	show   []string // regular expressions
	after  string   // a shell script that fails where the errand is not done
}

// errands are done one after the other on one machine, by a person who knows README and help.
var errands = []errand{
	{wants: "keep the history of etc",
		typed: []string{"timemachine setup etc"},
		show:  []string{`kept +[0-9]+ versions of [0-9]+ files and [0-9]+ folders`, `runs +`, `undo +`},
		after: "timemachine verify",
	},
	{wants: "find when a line vanished from a script that was edited twenty times",
		before: `for i in $(seq 20); do
				{ echo "#!/bin/sh"; test $i -gt 12 || echo "rsync --delete /srv backup:"; echo "echo edit $i"; } >etc/deploy.sh
				timemachine -q
			done`,
		typed: []string{"timemachine log etc/deploy.sh -S 'rsync --delete'", "timemachine diff etc/deploy.sh @8 @7"},
		show:  []string{`(?m)^@7 .*modified`, `(?m)^@19 .*added`, `(?m)^-rsync --delete /srv backup:`},
	},
	{wants: "bring back a folder that was deleted",
		before: "cp -a etc/web kept; rm -r etc/web; timemachine -q",
		typed:  []string{"timemachine restore etc/web"},
		show:   []string{`as of .*,\s+before\s+it\s+was\s+deleted`, `created 12 files and 3 folders`},
		after:  "diff -r kept etc/web",
	},
	{wants: "undo a chmod -R",
		before: `find etc -printf "%p %m\n" | sort >modes; chmod -R 777 etc; timemachine -q`,
		typed:  []string{"timemachine restore etc --at @1 -n", "timemachine restore etc --at @1"},
		show:   []string{`would change only metadata of [0-9]+ files and [0-9]+ folders`, `(?m)^changed only metadata of [0-9]+ files and [0-9]+ folders`},
		after:  `find etc -printf "%p %m\n" | sort | cmp - modes`,
	},
	{wants: "know why x.swp is not in the history",
		before: "echo swap >etc/x.swp; timemachine -q",
		typed:  []string{"timemachine why etc/x.swp"},
		show:   []string{`\*\.swp`, `default`},
	},
	{wants: "find what filled the disk",
		before: "for i in 1 2 3; do head -c 400000 /dev/urandom >etc/cache.db; timemachine -q; done",
		typed:  []string{"timemachine status --sizes"},
		show:   []string{`(?m)^ *1\.1 MiB .* 3  .*etc/cache\.db$`},
	},
}

// asItIs matches lines that are not folded to a terminal: commands to paste that have a line of
// their own, single words, and the names in the head of a diff, which git does not cut either.
var asItIs = regexp.MustCompile(`^(ERR|WRN|watch|kept)? *\S+\n?$|^ +(timemachine|crontab|echo|rm|mkdir|\* \*) |^diff --git |^(---|\+\+\+) [^\t]*$`)

// mostTyped is how many commands an errand takes.
const mostTyped = 3

// TestErrands does the errands on a terminal of 80 columns. No line is wider, and the test prints
// the screens.
func TestErrands(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := append(os.Environ(), "HOME="+filepath.Join(dir, "home"), "XDG_CONFIG_HOME=", "XDG_DATA_HOME=", "XDG_STATE_HOME=", "ROOT_SETUP="+filepath.Join(dir, "root"),
		"LC_ALL=C.UTF-8", "TERM=xterm", "PAGER=cat", "TZ=UTC")
	shell := func(script string) *exec.Cmd {
		cmd := exec.Command("sh", "-ec", script)
		cmd.Dir, cmd.Env = dir, env
		return cmd
	}
	run := func(script string) {
		t.Helper()
		if out, err := shell(script).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", script, err, out)
		}
	}
	run(`mkdir -p home root etc/web/sites etc/web/keys; for i in 1 2 3 4; do echo conf $i >etc/web/$i.conf; echo site $i >etc/web/sites/$i; echo key $i >etc/web/keys/$i; done
		chmod 700 etc/web/keys; chmod 600 etc/web/keys/*; for i in $(seq 30); do echo setting $i >etc/$i.conf; done`)
	for _, e := range errands {
		run(e.before)
		if len(e.typed) > mostTyped {
			t.Errorf("%s: %d commands", e.wants, len(e.typed))
		}
		var screens strings.Builder
		for _, typed := range e.typed {
			screen := screenOf(t, shell(typed), 80)
			fmt.Fprintf(&screens, "$ %s\n%s", typed, escapes.ReplaceAllString(screen, ""))
			for line := range strings.Lines(screen) {
				if n := columnsOf(strings.TrimSuffix(line, "\n")); n > 80 && !asItIs.MatchString(escapes.ReplaceAllString(line, "")) {
					t.Errorf("%s: a line of %d columns: %s", typed, n, line)
				}
			}
		}
		t.Logf("%s: %d commands\n%s", e.wants, len(e.typed), &screens)
		for _, want := range e.show {
			if !regexp.MustCompile(want).MatchString(screens.String()) {
				t.Errorf("%s: the screens do not show %s:\n%s", e.wants, want, &screens)
			}
		}
		run(e.after)
	}
}
