package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"timemachine/repo/repotest"
)

// verifyLines are the lines of verify --json: the parts of the problems, and the summary.
func (d *damaged) verifyLines(args ...string) (problems []string, summary map[string]any) {
	d.t.Helper()
	cmd := exec.Command("timemachine", append([]string{"-cl", filepath.Dir(d.dest), "-d", d.dest, "verify", "--json"}, args...)...)
	cmd.Env = d.env()
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 1 {
		d.t.Errorf("%q: %v: %s", args, err, out)
	}
	for line := range strings.Lines(string(out)) {
		var doc map[string]any
		if err := json.Unmarshal([]byte(line), &doc); err != nil {
			d.t.Errorf("%q: %v: %s", args, err, out)
		}
		switch doc["type"] {
		case "problem":
			name, _ := doc["path"].(string)
			problems = append(problems, doc["part"].(string)+" "+filepath.Base(name))
		case "summary":
			summary = doc
		}
	}
	if summary == nil || int(summary["problems"].(float64)) != len(problems) {
		d.t.Errorf("%q: no summary of %q: %s", args, problems, out)
	}
	return problems, summary
}

// TestVerifyGoesOnBesideDamage: an object of the newest commit that cannot be read is a problem
// among others, of which verify tells all, with its JSON on standard output, in the destination and
// in clones.
func TestVerifyGoesOnBesideDamage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		damage func(d *damaged)
		want   string // a problem of a destination that is looked at with and without contents
		others bool   // the walk comes to the versions, and finds the damaged copy
	}{
		"commit":         {func(d *damaged) { d.lose("main") }, "record .", false},
		"tree":           {func(d *damaged) { d.lose("main^{tree}") }, "tree .", true},
		"tree of files/": {func(d *damaged) { d.lose("main:files") }, "tree .", true},
		"HEAD":           {func(d *damaged) { d.replace("HEAD", []byte("nothing\n")) }, "branch HEAD", true},
		"branch":         {func(d *damaged) { d.replace("refs/heads/main", []byte("nothing\n")) }, "branch main", false},
		"configuration":  {func(d *damaged) { d.replace("config", []byte("[[nothing\n")) }, "config .", false},
		"settings":       {func(d *damaged) { d.replace("config", []byte("[core]\n\tbare = false\n")) }, "config .", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDamaged(t)
			copies, err := filepath.Glob(filepath.Join(strings.ReplaceAll(filepath.Dir(d.git("")), "$", `\$`), "copies", filepath.Dir(d.file), "*"))
			if err != nil || len(copies) != 3 {
				t.Fatal(copies, err)
			}
			d.check(os.Remove(copies[0]))
			d.check(os.WriteFile(copies[0], []byte("other"), 0o600))
			repotest.Git(t, d.dest, "repack", "-adq")
			packs := filepath.Join(d.dest, ".git/objects/pack")
			aside := filepath.Join(repotest.InMemory(t), "packs")
			d.check(os.Rename(packs, aside))
			d.check(os.Mkdir(packs, 0o700))
			unpack := exec.Command("sh", "-ec", "for p in '"+aside+"'/*.pack; do git unpack-objects -q <$p; done")
			unpack.Dir = d.dest
			if out, err := unpack.CombinedOutput(); err != nil {
				t.Fatalf("%v %s", err, out)
			}
			c.damage(d)
			for _, args := range [][]string{nil, {"--quick"}, {"--repair"}} {
				problems, _ := d.verifyLines(args...)
				text := strings.Join(problems, "\n") + "\n"
				if !strings.Contains(text, c.want+"\n") {
					t.Errorf("%q: no %q in %q", args, c.want, problems)
				}
				if c.others && len(args) == 0 && !strings.Contains(text, "copy "+filepath.Base(copies[0])+"\n") {
					t.Errorf("%q: the damaged copy is missing in %q", args, problems)
				}
			}
			if name == "settings" {
				return // a clone has none
			}
			clone := *d
			clone.dest = filepath.Join(repotest.InMemory(t), "clone.git")
			d.check(os.CopyFS(clone.dest, os.DirFS(d.git(""))))
			d.check(os.RemoveAll(filepath.Join(clone.dest, "timemachine")))
			if name != "configuration" {
				d.check(os.WriteFile(filepath.Join(clone.dest, "config"), []byte("[core]\n\trepositoryformatversion = 0\n\tbare = true\n"), 0o600))
			}
			problems, summary := clone.verifyLines()
			if len(problems) == 0 || name != "configuration" && summary["objects"].(float64) == 0 {
				t.Errorf("a clone: %q, %v", problems, summary)
			}
		})
	}
}

// lose removes the file of a loose object.
func (d *damaged) lose(rev string) {
	d.t.Helper()
	id := strings.TrimSpace(repotest.Git(d.t, d.dest, "rev-parse", rev))
	d.check(os.Remove(d.git("objects/" + id[:2] + "/" + id[2:])))
}
