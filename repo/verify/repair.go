package verify

import (
	"errors"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/projection"
	"timemachine/repo/record"
)

// repair writes again what the suspects should be, and reports each of them with the outcome.
func (k *verify) repair(tip object.ID) error {
	if len(k.suspects) == 0 {
		return nil
	}
	if err := k.repairIndex(tip); err != nil {
		return err
	}
	if err := k.rewrite(tip); err != nil {
		return err
	}
	return k.reportRepaired(tip)
}

// repairIndex moves a damaged index aside and makes another one.
func (k *verify) repairIndex(tip object.ID) error {
	for i := range k.suspects {
		if k.suspects[i].kind == damagedIndex {
			k.r.Index.Flaw = errors.New(k.suspects[i].Msg)
			return k.r.Recover(k.ctx, tip, true)
		}
	}
	return nil
}

// turns is the order of repairs. Removals come first: a file to be removed may have the path of a
// folder. files/ comes before copies/, since the newest copy shares its storage.
var turns = [][]kind{
	{leftoverFile, leftoverEntry},
	{wrongFile, wrongEntry, wrongAttributes, wrongXattr},
	{wrongCopy},
}

// rewrite writes what the suspects should be.
func (k *verify) rewrite(tip object.ID) error {
	index, err := k.r.Index.Take()
	if err != nil {
		return err
	}
	defer index.Release()
	f, err := k.r.NewRewriter(k.ctx, tip, index)
	if err != nil {
		return err
	}
	defer f.Close()
	w := k.newWorker()
	defer w.close()
	for _, turn := range turns {
		for i := range k.suspects {
			if err := k.ctx.Err(); err != nil {
				return err
			}
			if s := &k.suspects[i]; slices.Contains(turn, s.kind) {
				w.rewrite(f, s)
			}
		}
	}
	return f.Finish()
}

// rewrite writes what one suspect should be. It warns of a failure, which reportRepaired then
// finds.
func (w *worker) rewrite(f *projection.Rewriter, s *suspect) {
	switch s.kind {
	case wrongAttributes:
		if err := w.r.Folder.Replace(dest.AttributesFile, []byte(dest.AttributesText)); err != nil {
			f.Fail(s.Path, "could not be written", err)
		}
	case wrongXattr:
		if err := f.WriteXattrs(); err != nil {
			f.Fail(s.Path, "could not be written", err)
		}
	case wrongCopy:
		if w.CopyFlaw(w.copies, &s.version) != nil {
			w.moveObstacle(f, s.version.Copy, s)
			f.Write(&s.version, false, true)
		}
	case leftoverFile, leftoverEntry:
		if f.HoldsIndex() {
			f.Remove(s.Path, &s.version)
		}
	case wrongFile, wrongEntry:
		if !f.HoldsIndex() {
			return
		}
		copying := s.version.Copy != "" && !durable.IsMissing(w.CopyFlaw(w.copies, &s.version))
		if copying {
			w.moveObstacle(f, s.version.Copy, s)
		}
		w.moveObstacle(f, s.Path, s)
		f.Write(&s.version, true, copying)
	}
}

// moveObstacle moves aside what has the path of a suspect's file.
func (w *worker) moveObstacle(f *projection.Rewriter, path string, s *suspect) {
	if err := w.clearPath(path, &s.version); err != nil {
		f.Fail(s.Path, "has something in its way that could not be moved aside", err)
	}
}

// reportRepaired checks each suspect again and reports it, as repaired where nothing is wrong any
// more.
func (k *verify) reportRepaired(tip object.ID) error {
	suspects, files := k.suspects, k.sum.Files
	k.suspects = nil
	defer func() { k.sum.Files = files }() // they are counted already
	entries, err := k.readIndex()
	if err != nil {
		return err
	}
	readable := len(k.suspects) == 0
	w := k.newWorker()
	defer w.close()
	for i := range suspects {
		s := &suspects[i]
		switch s.kind {
		case damagedIndex:
			s.Repaired = readable
		case wrongAttributes:
			s.Repaired = w.r.AttributesFlaw() == ""
		case wrongXattr:
			k.suspects = nil
			if err := k.xattrs(tip, entries); err != nil {
				return err
			}
			s.Repaired = !slices.ContainsFunc(k.suspects, func(o suspect) bool { return o.Path == s.Path })
		case wrongCopy:
			s.Repaired = w.CopyFlaw(w.copies, &s.version) == nil
		case wrongEntry, leftoverEntry:
			at := place{path: s.Path, blob: s.version.Blob, mode: record.TreeMode(&s.version.Record), gone: s.kind.isLeftover()}
			s.Repaired = entries != nil && entryFlaw(entries, at) == ""
		case wrongFile, leftoverFile:
			k.suspects = nil
			w.file(&step{Version: s.version})
			s.Repaired = len(k.suspects) == 0
		}
		k.report(s.Finding)
	}
	return nil
}
