//go:build system && !torture && linux

package main

// The trees of the whole restores, in make test-system: small, of the same kind.
const (
	wholeFolders = 50
	wholeFiles   = 260
)
