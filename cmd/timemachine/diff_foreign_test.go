package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDiffFollowsNoForeignLink: root's diff shows nothing that a link of another user's leads to,
// in the place of a listed file or of a folder above one, unless that is theirs too.
func TestDiffFollowsNoForeignLink(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("root only: links of another user")
	}
	const other = 12345
	d := newDamaged(t)
	top := t.TempDir()
	at := func(name string) string { return filepath.Join(top, name) }
	for name, text := range map[string]string{"listed": "one\n", "folder/listed": "one\n", "secret": "hidden\n", "closed/listed": "hidden\n", "theirs": "open\n"} {
		d.check(os.MkdirAll(filepath.Dir(at(name)), 0o755))
		write(t, at(name), []byte(text))
	}
	if out, code := d.timemachine("add", at("listed"), at("folder/listed")); code != 0 {
		t.Fatal(out)
	}
	link := func(target, name string) {
		d.check(os.RemoveAll(at(name)))
		d.check(errors.Join(os.Symlink(at(target), at(name)), os.Lchown(at(name), other, other)))
	}
	d.check(os.Lchown(at("theirs"), other, other))
	link("secret", "listed")
	link("closed", "folder")
	for _, args := range [][]string{{"diff", top}, {"diff", at("listed")}, {"diff", at("folder/listed")}, {"diff", "--json", top}} {
		out, code := d.timemachine(args...)
		if strings.Contains(out, "hidden") || code != 0 {
			t.Errorf("%q: exit %d: %s", args, code, out)
		}
	}
	link("theirs", "listed")
	if out, code := d.timemachine("diff", at("listed")); code != 0 || !strings.Contains(out, "+open") {
		t.Errorf("what is theirs: exit %d: %s", code, out)
	}
}

// TestNothingDiffersFromNothing: a file of which nothing is recorded, and that is gone when it is
// compared, does not differ.
func TestNothingDiffersFromNothing(t *testing.T) {
	if c, err := (&diffJob{}).compareOnce(&pair{source: "/gone"}); c != nil || err != nil {
		t.Errorf("%+v, %v", c, err)
	}
}
