package watch

// look scans what is watched, or the paths that the run is about.
func (r *run) look() (*scan, error) {
	dev, ino, err := r.Repo.Root()
	if err != nil {
		return nil, err
	}
	s := newScan(r.ctx, dev, ino)
	s.knows(r.know)
	if r.Only != nil {
		for _, path := range r.Only {
			if e := r.Config.Select(path); e != nil {
				err = s.look(e, path)
			} else if e := r.within(path); e != nil {
				err = s.look(e, path)
			}
			if err != nil {
				return nil, err
			}
		}
		s.inOrder()
		return s, nil
	}
	for _, e := range r.Config.Entries {
		if err := s.look(e, e.Root); err != nil {
			return nil, err
		}
	}
	s.inOrder()
	return s, nil
}

// within finds a pattern that may select something below the folder path.
func (r *run) within(path string) *Entry {
	for _, e := range r.Config.Entries {
		if e.Root == path || e.Glob != "" && e.MayContain(path) {
			return e
		}
	}
	return nil
}
