//go:build !linux || !(system || torture)

package main

// modelMounts tells whether worlds have file systems of their own.
const modelMounts = false

type modelMount struct{}

func (w *modelWorld) mount(modelStep)          {}
func (w *modelWorld) reboot(modelStep)         {}
func (w *modelWorld) mountCoarse() error       { return nil }
func (w *modelWorld) unmountAll()              {}
func (w *modelWorld) unmountBelow(p string)    {}
func (w *modelWorld) isMount(p string) bool    { return false }
func (w *modelWorld) mountBelow(p string) bool { return false }
func (w *modelWorld) home(p string) int        { return 0 }
