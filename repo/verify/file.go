package verify

import (
	"fmt"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// copy checks the copy of a version. A missing copy is a flaw only where copies are kept.
func (w *worker) copy(v *record.Version) {
	if w.noCopies {
		if w.o.WantCopy(v) {
			w.lost.Add(1)
		}
		return
	}
	err := w.CopyFlaw(w.copies, v)
	if durable.IsMissing(err) && !w.o.WantCopy(v) {
		return
	}
	w.mu.Lock()
	w.sum.Copies++
	w.mu.Unlock()
	if err == nil {
		return
	}
	var what refusal.Remedy
	if durable.IsMissing(err) {
		what = w.bare(refusal.RebuildCopies, "")
	}
	w.suspect(wrongCopy, *v, v.Copy, durable.Flaw(err), what)
}

// copiesFolder notes that copies/ is missing although versions have copies.
func (k *verify) copiesFolder() {
	if n := k.lost.Load(); n > 0 {
		k.suspect(lostCopies, record.Version{}, "copies", fmt.Sprintf("is missing or empty: %s no copy", haveText(n)), k.bare(refusal.RebuildCopies, ""))
	}
}

// haveText says that so many versions have.
func haveText(n int64) string {
	if n == 1 {
		return "1 version has"
	}
	return fmt.Sprintf("%d versions have", n)
}

// file checks what files/ holds of a source's newest version.
func (w *worker) file(s *step) {
	if w.r.Index.ForeignWork() != "" {
		return
	}
	path, err := record.TreePath(&s.Record)
	if err != nil {
		return // reported already
	}
	folder, name := layout.Split(path)
	dir, err := w.files.Dir(folder)
	if !s.HasContent() { // a deletion, or a folder, which files/ has no file of
		if err == nil && s.Ends() && !s.Previous.IsZero() {
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
		w.suspectFile(wrongFile, s, path, durable.Flaw(err))
	}
}

// suspectFile notes a wrong file in files/, unless the tip's tree does not hold the version either:
// another program has changed the tree, and files/ with it.
func (w *worker) suspectFile(kind kind, s *step, path, msg string) {
	if !w.root.IsZero() {
		e, there, err := object.Lookup(w.r.Store.ReadTree, w.root, path)
		if err == nil && !record.Agrees(&s.Version, e, there) {
			return
		}
	}
	w.suspect(kind, s.Version, path, msg, refusal.Remedy{})
}

// leftover finds the file of a deleted source. Only content that timemachine wrote counts: any
// other file is foreign.
func (w *worker) leftover(s *step, dir *durable.Dir, path, name string) {
	if w.names != nil && w.names.Holder(path) != "" {
		return // another source has the path now
	}
	last, _, err := w.r.Version(s.Previous)
	if err != nil || last.Source != s.Source || w.Compare(dir, name, &last, last.Mode&0o777|0o400) != nil {
		return
	}
	w.suspectFile(leftoverFile, s, path, "is there, and its source is deleted")
}
