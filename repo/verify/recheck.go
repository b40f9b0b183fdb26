package verify

import (
	"timemachine/repo/git/object"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// settling is a look at what was found wrong beside the history, at a time when a run may be at
// work.
type settling struct {
	*verify
	h     *history
	tip   object.ID                 // that the suspects were compared with
	newer map[string]record.Version // what was recorded since the history was walked: the newest of each source
}

// settle reports what was found beside the history. Where a run is at work, or was meanwhile, that
// may be no more than what has not followed yet, so it is looked at again when the run has ended.
func (k *verify) settle(tip object.ID, h *history) error {
	if len(k.suspect) == 0 {
		return nil
	}
	s := &settling{verify: k, h: h, tip: tip, newer: map[string]record.Version{}}
	still, err := s.undisturbed()
	if err != nil {
		return err
	}
	if !still {
		if still, err = k.r.WhenIdle(k.ctx, s.look); err != nil {
			return err
		}
	}
	for _, s := range k.suspect {
		if !still {
			s.Remedy = refusal.Remedy{Kind: refusal.WaitForRun}
		}
		k.report(s.Finding)
	}
	return nil
}

// undisturbed tells whether no run can have changed anything since the verification began.
func (s *settling) undisturbed() (bool, error) {
	for i := range s.suspect {
		if s.suspect[i].mark {
			return false, nil
		}
	}
	now, err := s.r.Refs.Read(s.r.Branch)
	if err != nil || now != s.tip {
		return false, err
	}
	_, behind, err := s.r.Behind(now)
	return !behind && !s.r.StateDir.IsFlocked(runstate.LockName), err
}

// look looks at the suspects again; right tells that none is left.
func (s *settling) look() (right bool, err error) {
	if err := s.catchUp(); err != nil {
		return false, err
	}
	suspects, sum := s.suspect, s.sum
	s.suspect = nil
	w := s.newWorker()
	defer w.close()
	index, strays := false, false
	for i := range suspects {
		switch it := &suspects[i]; {
		case it.mark:
			err = s.mark(s.tip)
		case it.stray:
			strays = true
		case it.Part == PartCopy:
			w.copy(&it.v)
		case it.Part == PartFile && it.Path != dest.AttributesFile:
			v, ok := s.newer[it.v.Source]
			if !ok {
				v = it.v
			}
			w.file(&step{Version: v})
		default:
			index = true
		}
		if err != nil {
			return false, err
		}
	}
	if index {
		err = s.index(s.tip, s.h)
	}
	if strays && err == nil {
		err = s.strays(s.h)
	}
	s.sum.Files, s.sum.Copies = sum.Files, sum.Copies // they are counted already
	return len(s.suspect) == 0, err
}

// catchUp takes in what was recorded since the last look.
func (s *settling) catchUp() error {
	now, err := s.r.Refs.Read(s.r.Branch)
	if err != nil || now == s.tip {
		return err
	}
	versions, _, err := s.r.Since(s.ctx, now, s.tip)
	if err != nil {
		return err
	}
	for i := range versions {
		v := &versions[i]
		s.newer[v.Source] = *v
		if v.Copy != "" {
			s.h.copies.add(s.r.Fold(v.Copy))
		}
		if path, err := record.TreePath(&v.Record); err == nil {
			s.h.newest[v.Source] = placeOf(v, path)
		}
	}
	s.tip = now
	return s.places(now)
}
