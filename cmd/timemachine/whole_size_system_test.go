//go:build system && !torture && linux

package main

// The trees of the whole restores, in make test-system: small, of the same kind.
const (
	wholeFolders = 50
	wholeFiles   = 260
	wholeBoth    = false // each damage before or after a run has seen it, as it comes
)
