package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// decide looks at what is at the step's target.
func (s *Step) decide(o *Options) {
	s.Action = Create
	if s.base.dir == nil {
		return
	}
	folder, name := layout.Split(s.rel)
	dir, err := s.base.walk.Dir(folder)
	switch {
	case err != nil && durable.IsMissing(err):
		s.obstacle(folder, o)
		return
	case err != nil:
		s.Err = err
		return
	}
	st, err := dir.Lstat(name)
	if durable.IsMissing(err) {
		return
	}
	if err != nil {
		s.Err = err
		return
	}
	s.there, s.Action = st, Replace
	if o.Overwrite == OverwriteNever {
		s.Action = Leave
		return
	}
	s.compare(dir, name, o)
	if len(s.Differs) == 0 && o.Overwrite == OverwriteChanged {
		s.Action = Keep
	}
}

// obstacle finds what stands where a folder must be, if anything does.
func (s *Step) obstacle(folder string, o *Options) {
	for end := 0; end < len(folder); end++ {
		next := strings.IndexByte(folder[end:], '/')
		if next < 0 {
			end = len(folder)
		} else {
			end += next
		}
		above, name := layout.Split(folder[:end])
		dir, err := s.base.walk.Dir(above)
		if durable.IsMissing(err) {
			return
		}
		var st durable.Stat
		if err == nil {
			st, err = dir.Lstat(name)
		}
		switch {
		case durable.IsMissing(err):
			return
		case err != nil:
			s.Err = err
			return
		case st.IsDir():
			continue
		}
		s.blocked(dir, folder[:end], name, st, o)
		return
	}
}

// blocked decides about what is no folder and stands where one must be.
func (s *Step) blocked(dir *durable.Dir, rel, name string, st durable.Stat, o *Options) {
	path := filepath.Join(s.base.path, rel)
	plain := st.IsRegular() || st.IsLink()
	switch {
	case st.IsLink() && o.Followed != nil && o.Followed(path):
		s.Err = fmt.Errorf("below the link %s, which the watch list names: restore that path by itself", record.Quote(path))
	case o.Overwrite == OverwriteNever:
		s.Err = fmt.Errorf("%s is in the way: it is no folder", record.Quote(path))
	case o.Overwrite == OverwriteChanged && (!plain || !o.InPlace()):
		s.Err = fmt.Errorf("%s is in the way: it is no folder; --overwrite always replaces it", record.Quote(path))
	default:
		s.block, s.there = rel, st
		if plain {
			s.present, _ = present(dir, name, &st)
		}
	}
}

// compare finds out in what the file there differs from the version.
func (s *Step) compare(dir *durable.Dir, name string, o *Options) {
	st := &s.there
	if st.IsDir() {
		s.Differs = []string{"kind"}
		if sub, err := dir.Sub(name); err == nil {
			names, err := sub.Names()
			sub.Close()
			if err != nil || len(names) > 0 {
				s.Err = errors.New("a folder with other files in it is in the way: move it away first, or restore elsewhere")
			}
		}
		return
	}
	if !st.IsRegular() && !st.IsLink() {
		s.Differs = []string{"kind"}
		if o.Overwrite != OverwriteAlways {
			s.Err = errors.New("a FIFO, a socket or a device is in the way: --overwrite always replaces it")
		}
		return
	}
	if s.Link != st.IsLink() {
		s.Differs = append(s.Differs, "kind")
	}
	if s.present, _ = present(dir, name, st); s.present != s.Blob && s.Link == st.IsLink() {
		s.Differs = append(s.Differs, "content")
	}
	if !s.Link && st.Mode&0o7777 != s.Mode {
		s.Differs = append(s.Differs, "mode")
	}
	if os.Geteuid() == 0 && (st.UID != s.UID || st.GID != s.GID) {
		s.Differs = append(s.Differs, "owner")
	}
	if !time.Unix(st.Mtime.Sec, st.Mtime.Nsec).Equal(s.Mtime) {
		s.Differs = append(s.Differs, "mtime")
	}
}

// present is the name that git gives to what a file or link holds now.
func present(dir *durable.Dir, name string, st *durable.Stat) (object.ID, error) {
	if st.IsLink() {
		target, err := dir.Readlink(name)
		if err != nil {
			return object.ID{}, err
		}
		return object.HashBlob([]byte(target))
	}
	f, err := dir.Open(name)
	if err != nil {
		return object.ID{}, err
	}
	defer f.Close()
	sum := object.NewBlobHasher(st.Size)
	if _, err := io.Copy(sum, io.LimitReader(f, st.Size)); err != nil {
		return object.ID{}, err
	}
	return sum.ID()
}

// findExtra lists the files below the selected folders that no step is about. It looks in the
// folders that hold a step's file, and those below; above them the disk is full of what has nothing
// to do with it.
func (p *Plan) findExtra(ctx context.Context, selections []Selection, tops []*base) {
	x := extra{ctx: ctx, p: p, ours: map[string]bool{}, holds: map[string]bool{}, leads: map[string]bool{}}
	for i := range p.Steps {
		s := &p.Steps[i]
		x.ours[s.Target] = true
		x.ours[s.blocker()] = true
		folder := filepath.Dir(s.Target)
		for x.holds[folder] = true; !x.leads[folder]; folder = filepath.Dir(folder) {
			x.leads[folder] = true
		}
	}
	if st, err := p.src.Folder(); err == nil {
		x.dest = st
	}
	for i, b := range tops {
		if b.dir != nil && b.path == selections[i].Path {
			x.below(b.dir, b.path, false)
		}
	}
	slices.Sort(p.Extra)
	p.Extra = slices.Compact(p.Extra)
}

type extra struct {
	ctx   context.Context
	p     *Plan
	ours  map[string]bool
	holds map[string]bool // folders with a step's file directly in them
	leads map[string]bool // these, and those above
	dest  durable.Stat    // never gone into
}

// below goes through a folder; inside tells that it lies in one that holds a step's file.
func (x *extra) below(dir *durable.Dir, path string, inside bool) {
	names, err := dir.Names()
	if err != nil || x.ctx.Err() != nil {
		return
	}
	wanted := x.p.o.Extra
	inside = inside || x.holds[path] || wanted != nil && wanted(path)
	for _, name := range names {
		at := filepath.Join(path, name)
		if x.ours[at] || !inside && !x.leads[at] {
			continue
		}
		st, err := dir.Lstat(name)
		if err != nil || st.Same(x.dest) {
			continue
		}
		if !st.IsDir() {
			if inside && (wanted == nil || wanted(at)) {
				x.p.Extra = append(x.p.Extra, at)
			}
			continue
		}
		if sub, err := dir.Sub(name); err == nil {
			x.below(sub, at, inside)
			sub.Close()
		}
	}
}
