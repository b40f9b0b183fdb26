//go:build !linux || !(system || torture)

package main

import "slices"

// modelMounts tells whether worlds have file systems of their own.
const modelMounts = false

// modelMount is a file system of a world's own, of which there is none here.
type modelMount struct{ place string }

func (w *modelWorld) mount(modelStep)       {}
func (w *modelWorld) reboot(modelStep)      {}
func (w *modelWorld) mountCoarse() error    { return nil }
func (w *modelWorld) unmountAll()           {}
func (w *modelWorld) unmountBelow(p string) {}
func (w *modelWorld) isMount(p string) bool {
	return slices.ContainsFunc(w.mounts, func(m *modelMount) bool { return m.place == p })
}
func (w *modelWorld) mountBelow(p string) bool { return false }
func (w *modelWorld) home(p string) int        { return 0 }
