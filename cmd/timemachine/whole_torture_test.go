//go:build system && torture && linux

package main

import (
	"os/exec"
	"testing"
)

// The trees of the whole restores, in make torture.
const (
	wholeFolders = 300
	wholeFiles   = 2000 // with links, and the names that hard links have more
	wholeBoth    = true // each damage before and after a run has seen it
)

// TestWholeEtc damages a copy of this machine's /etc.
func TestWholeEtc(t *testing.T) {
	w := newWholeRestore(t, func(root string) *wholeTree {
		tree := &wholeTree{T: t, root: root}
		tree.must(exec.Command("cp", "-a", "/etc", root).Run())
		tree.folders = append([]string{root}, tree.names(true)...)
		tree.files = tree.names(false)
		return tree
	})
	for _, d := range wholeDamages {
		switch d.name {
		case "deleted", "partly deleted", "one folder deleted", "chmod -R", "chown -R", "replaced by files":
			t.Run(d.name, func(t *testing.T) { w.damageAndRestore(t, d, false) })
			t.Run(d.name+", after a run", func(t *testing.T) { w.damageAndRestore(t, d, true) })
		}
	}
	w.mustBeSound()
}
