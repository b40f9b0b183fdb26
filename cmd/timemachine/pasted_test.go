package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// mistakes are situations in which a command ends with a hint. Each begins in a folder as
// TestHintsCanBePasted makes it.
var mistakes = []struct {
	name  string
	begin string // a shell command before; "" for none
	line  string // the command
	want  string // what the hint's command does, in a regular expression over its output
}{
	{"a file that was never recorded", "", "tm log 'it is new'", "is watched: the next run"},
	{"a file that is excluded", "touch w/x.swp", "tm log w/x.swp", `exclusion \*\.swp`},
	{"a file that is not watched", "touch 'o th'", "tm why 'o th'", "added .*o th"},
	{"a missing file that is not watched", "", "tm why 'o th'", "added .*o th"},
	{"a missing file that is excluded", "", "tm why w/y.swp", "added .*y.swp"},
	{"an excluded file", "touch w/x.swp", "tm why w/x.swp", "added .*x.swp"},
	{"a file of the list through its folder", "", "tm remove w/a", "added .*!"},
	{"nothing on the list", "", "tm remove nothing", "w"},
	{"a missing file", "", "tm add 'not yet'", "added .*not yet"},
	{"a missing file of the original flag", "", "tm -a 'not yet'", "added .*not yet"},
	{"a file that no pattern matches yet", "", "tm add 'no/*.md'", "added .*no/"},
	{"a destination without a version, to restore", "timemachine init -q -d none", "timemachine -c list.dat -d none restore w", ""},
	{"what is no text", "head -c 9000 /dev/urandom >w/a; tm -q run", "tm blame w/a", "w/a|modified"},
	{"a missing file before its flag", "", "tm add -- '-x'", "added .*-x"},
	{"a pattern that the shell has expanded", "mkdir m; touch m/1.md m/2.md m/3.md", "tm add m/1.md m/2.md m/3.md", `added .*m/\*\.md`},
	{"an unknown command that is a file", "", "tm w", "w"},
	{"an unknown command", "", "tm nonsense", "timemachine"},
	{"pruning", "", "tm prune", "history +3 versions"},
	{"editing", "export EDITOR=true", "tm edit", ""},
	{"an unknown flag", "", "tm log --nonsense", "log"},
	{"a number that is none", "", "tm log -n many", "log"},
	{"too many arguments", "", "tm list x", ""},
	{"no path", "", "tm copies", ""},
	{"a destination that is missing", "", "timemachine -c list.dat -d deep/er/dest log", "created"},
	{"a destination that is missing, to a run", "", "timemachine -c list.dat -d deep/er/dest run", "created"},
	{"a destination that is missing, to add", "", "timemachine -c list.dat -d deep/er/dest add w", ""},
	{"a destination that is missing, to init", "", "timemachine -d deep/er/dest init", ""},
	{"a destination without a history", "mkdir none", "cd none; timemachine log", "created"},
	{"a destination without a version", "timemachine init -q -d none", "timemachine -c list.dat -d none log", ""},
	{"a destination that is lost", "mv 'de st' lost; mkdir 'de st'", "tm run", "created"},
	{"what did not exist then", "rm w/a; tm -q run", "tm restore w/a --at now", "created"},
	{"what did not exist then, elsewhere", "rm w/a; tm -q run", "tm restore w/a --to out --at=now", "out"},
	{"what did not exist then, to see", "rm w/a; tm -q run", "tm show w/a --at now", "one"},
	{"a folder that did not exist then", "rm -r w; tm -q run --accept-deletions w", "tm ls w --at now", "b"},
	{"what no run has seen deleted", "rm w/a", "tm restore w --deleted", "created .*w/a"},
	{"what was deleted below", "rm w/a; tm -q run", "tm restore w", "created .*w/a"},
	{"nothing was deleted then", "rm w/a; tm -q run", "tm restore w --deleted --at @1", "deleted .*/a"},
	{"a version in the place of a path", "echo 2 >>w/a; tm -q run", "tm restore w/a @1 -n", "would replace .*w/a"},
	{"a time in the place of a path", "", "tm restore w/a now --to out/", "out"},
	{"a version for show", "echo 2 >>w/a; tm -q run", "tm show w/a @1", "^one\n$"},
	{"a version for log", "echo 2 >>w/a; tm -q run", "tm log w @1", `(?m)^\+2$`},
	{"a time for log", "", "tm log w yesterday", "w/a"},
	{"a folder in the way", "rm w/a; mkdir -p w/a; touch w/a/in", "tm restore w/a", "would remove .*w/a/in"},
	{"a file as a folder", "", "tm show w", " a"},
	{"deletions held back", "mv w gone", "tm run", ""},
	{"deletions held back, to status", "mv w gone", "tm status", ""},
	{"a branch that is missing", "", "tm log -b none", "main"},
}

// pastable matches the commands in a line of output, as a person would mark them.
var pastable = regexp.MustCompile(`(?:(?:mkdir -p|git -C|git|mv|rm|timemachine) .*?)(?: (?:watches|lists|shows|tells|edits|brings|makes|says|writes|takes|has|adds|goes|prints|wrote) .*|; .*|\)$|$)`)

// commandsIn are the commands in the hints of an output.
func commandsIn(out string) []string {
	var all []string
	for line := range strings.Lines(out) {
		line = strings.TrimSuffix(line, "\n")
		text, isHint := strings.CutPrefix(line, "hint: ")
		if !isHint && !strings.HasPrefix(line, "  ") {
			continue
		}
		if _, after, ok := strings.Cut(text, ": "); ok && regexp.MustCompile(`^(mkdir|git|timemachine) `).MatchString(after) {
			text = after
		}
		if m := pastable.FindString(text); m != "" {
			m = regexp.MustCompile(` (watches|lists|shows|tells|edits|brings|makes|says|writes|takes|adds|goes|prints) .*|; .*`).ReplaceAllString(m, "")
			all = append(all, m)
		}
	}
	return all
}

// TestHintsCanBePasted makes every mistake and gives the command in its hint to a shell as it
// stands, in the same folder. It ends well and does what the hint says.
func TestHintsCanBePasted(t *testing.T) {
	t.Parallel()
	for _, m := range mistakes {
		t.Run(strings.ReplaceAll(m.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			shell := func(command string) (string, error) {
				cmd := exec.Command("sh", "-c", `tm() { timemachine -c config.dat -d "de st" "$@"; }; `+command)
				cmd.Dir = dir
				cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_STATE_HOME="+filepath.Join(dir, "state"), "EDITOR=true", "TZ=UTC", "GIT_CONFIG_GLOBAL=/dev/null")
				out, err := cmd.CombinedOutput()
				return string(out), err
			}
			if out, err := shell("mkdir w; echo one >w/a; echo two >w/b; echo '- w' >config.dat; echo '- w' >list.dat; mkdir 'de st'; tm -q run; echo new >'it is new'; echo '- it is new' >>config.dat; " + m.begin); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			out, _ := shell(m.line)
			commands := commandsIn(out)
			if len(commands) == 0 {
				t.Fatalf("no command: %s", out)
			}
			if strings.HasPrefix(m.line, "tm ") && !slices.ContainsFunc(commands, func(c string) bool { return strings.Contains(c, "de st") || strings.HasPrefix(c, "timemachine help") }) {
				t.Errorf("the place is left out: %s", commands)
			}
			for _, c := range commands {
				prefix := ""
				if strings.HasPrefix(m.line, "cd ") {
					prefix, _, _ = strings.Cut(m.line, ";")
					prefix += "; "
				}
				said, err := shell(prefix + c)
				if err != nil || !regexp.MustCompile(m.want).MatchString(said) {
					t.Errorf("%s\n%s%s: %v\n%s", m.line, out, c, err, said)
				}
			}
		})
	}
}
