package main

// modelMounts tells whether worlds have file systems of their own, which only root can mount.
const modelMounts = false

type modelMount struct{}

func (w *modelWorld) mountCoarse() error       { return nil }
func (w *modelWorld) unmountAll()              {}
func (w *modelWorld) isMount(p string) bool    { return false }
func (w *modelWorld) mountBelow(p string) bool { return false }

var modelSystemOperations []modelOperation
