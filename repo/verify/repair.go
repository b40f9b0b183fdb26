package verify

import (
	"errors"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/projection"
	"timemachine/repo/record"
)

// repair makes again what was found wrong beside the history, and reports each finding with what
// came of it.
func (k *verify) repair(tip object.ID) error {
	if len(k.suspect) == 0 {
		return nil
	}
	if err := k.repairIndex(tip); err != nil {
		return err
	}
	if err := k.rewrite(tip); err != nil {
		return err
	}
	return k.lookAgain()
}

// repairIndex takes an index away that cannot be read; healing makes a new one.
func (k *verify) repairIndex(tip object.ID) error {
	for i := range k.suspect {
		if !k.suspect[i].whole {
			continue
		}
		k.r.IndexFlaw = errors.New(k.suspect[i].Msg)
		return k.r.Recover(k.ctx, tip, true)
	}
	return nil
}

// rewrite writes what the suspects should be: files/ first, since the newest copy shares storage
// with it, and of that first what is to go, since it may have the place of a folder.
func (k *verify) rewrite(tip object.ID) error {
	index, err := k.r.TakeIndex()
	if err != nil {
		return err
	}
	defer index.Release()
	f, err := k.r.Rewriter(k.ctx, tip, index)
	if err != nil {
		return err
	}
	defer f.Close()
	w := k.newWorker()
	defer w.close()
	turns := []func(s *suspect) bool{
		func(s *suspect) bool { return s.gone },
		func(s *suspect) bool { return !s.gone && s.Part != PartCopy },
		func(s *suspect) bool { return s.Part == PartCopy },
	}
	for _, turn := range turns {
		for i := range k.suspect {
			if err := k.ctx.Err(); err != nil {
				return err
			}
			if s := &k.suspect[i]; turn(s) && !s.whole {
				w.again(f, s)
			}
		}
	}
	return f.Finish()
}

// again writes what a suspect should be. What fails is warned of, and seen when it is looked at
// again.
func (w *worker) again(f *projection.Placer, s *suspect) {
	switch {
	case s.stray:
	case s.Path == dest.AttributesFile:
		if err := w.r.Folder.Replace(dest.AttributesFile, []byte(dest.AttributesText)); err != nil {
			f.Fail(s.Path, "could not be written", err)
		}
	case s.Part == PartCopy:
		if w.CopyFlaw(w.copies, &s.v) != nil {
			f.Copying.Store(true)
			w.clear(f, s.v.Copy, s)
			f.Write(&s.v, false)
		}
	case s.gone && f.Index.Held():
		f.Remove(s.Path, s.v.Source)
	case s.place && f.Index.Held():
		f.Copying.Store(s.v.Copy != "" && !durable.IsMissing(w.CopyFlaw(w.copies, &s.v)))
		if f.Copying.Load() {
			w.clear(f, s.v.Copy, s)
		}
		w.clear(f, s.Path, s)
		f.Write(&s.v, true)
	}
}

// clear makes way for a suspect's file at path.
func (w *worker) clear(f *projection.Placer, path string, s *suspect) {
	if err := w.r.ClearWay(path, &s.v); err != nil {
		f.Fail(s.Path, "has something in its way that could not be moved aside", err)
	}
}

// lookAgain reports each suspect, as repaired where nothing is wrong with it any more.
func (k *verify) lookAgain() error {
	suspects := k.suspect
	k.suspect = nil
	entries, err := k.readIndex()
	if err != nil {
		return err
	}
	readable := len(k.suspect) == 0
	w := k.newWorker()
	defer w.close()
	for _, s := range suspects {
		k.suspect = nil
		switch {
		case s.stray: // somebody's, perhaps
		case s.whole:
			s.Repaired = readable
		case s.Path == dest.AttributesFile:
			s.Repaired = w.r.AttributesFlaw() == ""
		case s.Part == PartCopy:
			s.Repaired = w.CopyFlaw(w.copies, &s.v) == nil
		case s.Part == PartIndex:
			s.Repaired = entries != nil && entryFlaw(entries, place{path: s.Path, blob: s.v.Blob, mode: record.TreeMode(&s.v.Record), deleted: s.gone}) == ""
		default:
			w.file(&step{Version: s.v})
			s.Repaired = len(k.suspect) == 0
		}
		k.report(s.Finding)
	}
	return nil
}
