package pack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// packSet is the packs of one listing of the folder, newest first. A reader keeps the set that it
// began with. A pack that a later listing lacks is unmapped when its last reader is done.
type packSet struct {
	packs   []*packFile
	lastHit atomic.Pointer[packFile]
	users   int // guarded by Store.mu; the Store itself is one

	modTime time.Time // of the folder when it was listed
	listed  time.Time
}

// order calls f for each pack until f returns false. It begins with the pack that served last.
func (s *packSet) order(f func(*packFile) bool) {
	last := s.lastHit.Load()
	if last != nil && !f(last) {
		return
	}
	for _, p := range s.packs {
		if p != last && !f(p) {
			return
		}
	}
}

// A listing taken within one step of the file system's clock of the folder's mtime may have missed
// a second change with the same mtime. Kernels count in up to 10 ms; FAT and old network file
// systems in 1 or 2 s, which shows as a round time.
const (
	clockStep  = 20 * time.Millisecond
	coarseStep = 2 * time.Second
)

// coarse tells whether a time was taken by a clock of whole seconds.
func coarse(t time.Time) bool { return t.Nanosecond() == 0 }

// stale tells whether the folder may have changed since it was listed.
func (s *packSet) stale(dir string) bool {
	st, err := os.Stat(dir)
	if err != nil {
		return !s.modTime.IsZero()
	}
	step := clockStep
	if coarse(s.modTime) {
		step = coarseStep
	}
	return !st.ModTime().Equal(s.modTime) || s.listed.Sub(s.modTime) < step
}

// listPacks lists the folder, and takes over from old the packs whose files are the same.
func listPacks(dir string, old *packSet, owner *uint32) (*packSet, error) {
	set := &packSet{listed: time.Now(), users: 1}
	st, err := os.Stat(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return set, nil
	}
	if err != nil {
		return nil, err
	}
	set.modTime = st.ModTime()
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	packs := map[string]bool{}
	for _, f := range files {
		packs[f.Name()] = strings.HasSuffix(f.Name(), ".pack")
	}
	for _, f := range files {
		base, ok := strings.CutSuffix(f.Name(), ".idx")
		if !ok || !packs[base+".pack"] {
			continue
		}
		st, err := f.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		set.packs = append(set.packs, old.same(filepath.Join(dir, base), st, owner))
	}
	slices.SortStableFunc(set.packs, func(a, b *packFile) int { return b.modTime.Compare(a.modTime) })
	return set, nil
}

// same is the set's pack with that file, or a new one.
func (s *packSet) same(base string, st fs.FileInfo, owner *uint32) *packFile {
	if s != nil {
		for _, p := range s.packs {
			if p.base == base && p.size == st.Size() && p.modTime.Equal(st.ModTime()) {
				return p
			}
		}
	}
	return &packFile{base: base, owner: owner, size: st.Size(), modTime: st.ModTime()}
}
