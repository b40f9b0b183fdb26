package ownpacks

import "timemachine/repo/durable"

// writebackStep is how many bytes of a pack are written before the system is told to put them on
// disk.
const writebackStep = 4 << 20

// flowing is a pack's file whose bytes go to disk while the next ones are made, so that the sync at
// the end has little to wait for.
type flowing struct {
	*durable.File
	written, begun int64 // bytes written, and those of them that are on their way
}

func (f *flowing) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	if f.written += int64(n); f.written-f.begun >= writebackStep {
		startWriteback(f.File, f.begun, f.written-f.begun)
		f.begun = f.written
	}
	return n, err
}
