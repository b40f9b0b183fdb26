package verify

import (
	"timemachine/repo/durable"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// copy looks at a version's plain copy. One that is not there is missed only where copies are kept
// at all.
func (w *worker) copy(v *record.Version) {
	err := w.CopyFlaw(w.copies, v)
	w.mu.Lock()
	w.sum.Copies++
	w.mu.Unlock()
	if err == nil || durable.IsMissing(err) && !w.o.WantCopy(v) {
		return
	}
	var what refusal.Remedy
	if durable.IsMissing(err) {
		what = w.bare(refusal.RebuildCopies, "")
	}
	w.suspects(suspect{v: *v, Finding: Finding{Part: PartCopy, Path: v.Copy, Object: v.Commit, Msg: durable.Flaw(err), Remedy: what}})
}

// file looks at the place of a source's newest version in files/.
func (w *worker) file(s *step) {
	if w.r.NotOursNow() != "" {
		return
	}
	path, err := record.TreePath(&s.Record)
	if err != nil {
		return // said already
	}
	folder, name := layout.Split(path)
	dir, err := w.files.Dir(folder)
	if s.Event == record.Deleted {
		if err == nil {
			w.leftover(s, dir, path, name)
		}
		return
	}
	w.mu.Lock()
	w.sum.Files++
	w.mu.Unlock()
	if err == nil {
		err = w.Compare(dir, name, &s.Version, s.Mode&0o777|0o400)
	}
	if err != nil {
		w.suspects(suspect{v: s.Version, place: true, Finding: Finding{Part: PartFile, Path: path, Object: s.Commit, Msg: durable.Flaw(err)}})
	}
}

// leftover finds a deleted source's file. Only one that is what we wrote counts: another is
// somebody's own.
func (w *worker) leftover(s *step, dir *durable.Dir, path, name string) {
	if w.names != nil && w.names.Holder(path) != "" {
		return // another name's place now
	}
	last, _, err := w.r.Version(s.Previous)
	if err != nil || last.Source != s.Source || w.Compare(dir, name, &last, last.Mode&0o777|0o400) != nil {
		return
	}
	w.suspects(suspect{v: s.Version, gone: true, Finding: Finding{Part: PartFile, Path: path, Object: s.Commit, Msg: "is there, and its source is deleted"}})
}
