package verify

import (
	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// recheck checks the suspects a second time, since a run may have been active.
type recheck struct {
	*verify
	h   *history
	tip object.ID // the tip that the suspects were compared with
	// the newest version of each source that was recorded since the walk
	newer map[string]record.Version
}

// recheck reports the suspects. A run that is or was active may have left files/ and copies/
// behind the history for a moment. Then recheck waits until the run has ended, and checks the
// suspects again.
func (k *verify) recheck(tip object.ID, h *history) error {
	if len(k.suspects) == 0 {
		return nil
	}
	s := &recheck{verify: k, h: h, tip: tip, newer: map[string]record.Version{}}
	still, err := s.undisturbed()
	if err != nil {
		return err
	}
	if !still {
		if still, err = k.r.WhenIdle(k.ctx, s.look); err != nil {
			return err
		}
	}
	for _, s := range k.suspects {
		if !still {
			s.Remedy = refusal.Remedy{Kind: refusal.WaitForRun}
		}
		k.report(s.Finding)
	}
	return nil
}

// undisturbed tells whether no run can have changed anything since the verification began.
func (s *recheck) undisturbed() (bool, error) {
	for i := range s.suspects {
		if s.suspects[i].kind == pendingMark {
			return false, nil
		}
	}
	now, err := s.r.Refs.Read(s.r.Branch)
	if err != nil || now != s.tip {
		return false, err
	}
	_, pending, err := s.r.Pending(now)
	return !pending && s.r.StateDir.FlockHolder(runstate.LockName) == 0, err
}

// look checks the suspects again and tells whether none is left.
func (s *recheck) look() (right bool, err error) {
	if err := s.catchUp(); err != nil {
		return false, err
	}
	suspects, sum := s.suspects, s.sum
	s.suspects = nil
	w := s.newWorker()
	defer w.close()
	index, strays := false, false
	for i := range suspects {
		it := &suspects[i]
		switch it.kind {
		case pendingMark:
			err = s.mark(s.tip)
		case strayCopy:
			strays = true
		case lostCopies:
			if kept, kerr := s.r.KeepsCopies(); kerr != nil || !kept {
				// else a run has begun to write them
				s.suspects = append(s.suspects, *it)
				err = kerr
			}
		case wrongCopy:
			w.copy(&it.version)
		case wrongFile, leftoverFile:
			v, ok := s.newer[it.version.Source]
			if !ok {
				v = it.version
			}
			w.file(&step{Version: v})
		case wrongEntry, leftoverEntry, wrongAttributes, wrongXattr, damagedIndex:
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
	return len(s.suspects) == 0, err
}

// catchUp adds the versions that were recorded since the last check.
func (s *recheck) catchUp() error {
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
