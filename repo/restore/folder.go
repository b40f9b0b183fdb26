package restore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/history"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/restore/reach"
	"timemachine/repo/restore/rights"
)

// addParents adds a step for each folder that is not selected and must be made.
func (p *Plan) addParents(ctx context.Context) error {
	selected := map[string]bool{}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Folder {
			selected[s.Target] = true
		}
	}
	found := map[string]*Step{}
	unknown := 0
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Err != nil || s.Action != Create && s.Action != Replace {
			continue
		}
		source := s.Source
		for rel, _ := layout.Split(s.rel); rel != ""; rel, _ = layout.Split(rel) {
			source = filepath.Dir(source)
			target := filepath.Join(s.base.Path, rel)
			if selected[target] || found[target] != nil || s.base.Has(rel) {
				break
			}
			parent, err := p.newParent(s, source, target, rel)
			if err != nil {
				return err
			}
			found[target] = parent
			if parent.Commit.IsZero() {
				unknown++
			}
		}
	}
	for _, s := range found {
		p.Parents = append(p.Parents, *s)
	}
	slices.SortFunc(p.Parents, func(a, b Step) int { return strings.Compare(a.Target, b.Target) })
	for i := range p.Parents {
		p.parents[p.Parents[i].Target] = &p.Parents[i]
	}
	if unknown > 0 {
		p.noteUnknown(unknown)
	}
	return ctx.Err()
}

// newParent is the step for a folder on the way to s.
func (p *Plan) newParent(s *Step, source, target, rel string) (*Step, error) {
	parent := &Step{base: s.base, rel: rel, Target: target, Action: Create,
		Entry: history.Entry{Version: record.Version{Record: record.Record{Source: source, Folder: true}}}}
	known := p.o.InPlace() || p.o.Place == nil || p.o.Place(source) == rel
	if known && p.o.FolderOf != nil {
		e, found, err := p.o.FolderOf(source)
		if err != nil {
			return nil, err
		}
		if found {
			parent.Entry, parent.attrsKnown = e, true
			parent.Limited = p.Limit.Hold(&parent.Record)
		}
	}
	if s.obstacle == rel {
		parent.Action, parent.Differs = Replace, []string{"kind"}
		parent.obstacle, parent.presentStat = rel, s.presentStat
	}
	return parent, nil
}

// noteUnknown notes that no version of some parents is known.
func (p *Plan) noteUnknown(n int) {
	i := slices.IndexFunc(p.Parents, func(s Step) bool { return s.Commit.IsZero() })
	text := fmt.Sprintf("no version of the folder %s is known: it gets", record.Quote(p.Parents[i].Target))
	if n > 1 {
		text = fmt.Sprintf("no version of %d folders is known, such as %s: they get", n, record.Quote(p.Parents[i].Target))
	}
	p.Notes = append(p.Notes, text+" mode and owner of the folder above")
}

// likeAbove gives a folder of which no version is known mode and owner of the folder above, but not
// what lets everybody write there.
func (p *Plan) likeAbove(s *Step, above *durable.Dir) error {
	st, err := above.Lstat("")
	if err != nil {
		return err
	}
	s.Mode, s.UID, s.GID = st.Mode&0o2775, st.UID, st.GID
	s.Limited = p.Limit.Hold(&s.Record)
	return nil
}

// openedFolder is a folder of this process's user that was closed to it, and is again at the end.
type openedFolder struct {
	base *reach.Base
	rel  string
	st   durable.Stat // as it was
}

// folder opens the folder of what is restored, below a base, and makes the parents that are
// missing. The Dir is good until the next call.
func (b *batch) folder(base *reach.Base, rel string) (*durable.Dir, error) {
	if base.Dir == nil {
		if err := base.Open(true); err != nil {
			return nil, err
		}
	}
	for end := 0; end < len(rel); end++ {
		if next := strings.IndexByte(rel[end:], '/'); next < 0 {
			end = len(rel)
		} else {
			end += next
		}
		path := filepath.Join(base.Path, rel[:end])
		if err := b.failed[path]; err != nil {
			return nil, fmt.Errorf("its folder %s could not be made: %w", record.Quote(path), durable.WithoutPath(err))
		}
		if s := b.p.parents[path]; s != nil && s.made == (durable.Stat{}) {
			if err := b.makeParent(s); err != nil {
				b.failed[path] = explain(s, err)
				return nil, err
			}
		}
	}
	dir, err := base.Walk.Dir(rel)
	if err != nil {
		return nil, err
	}
	if s := b.begun[filepath.Join(base.Path, rel)]; s != nil {
		if st, err := dir.Lstat(""); err != nil || !st.Same(s.made) {
			return nil, errors.Join(reach.ErrChanged, err) // another folder has its name by now
		}
	}
	return dir, b.unlock(base, rel, dir)
}

// makeParent makes a folder that is not selected.
func (b *batch) makeParent(s *Step) error {
	if s.Err != nil {
		return s.Err
	}
	above, _ := layout.Split(s.rel)
	dir, err := b.folder(s.base, above)
	if err != nil {
		return err
	}
	if s.Commit.IsZero() {
		if err := b.p.likeAbove(s, dir); err != nil {
			return err
		}
	}
	return b.makeFolder(s)
}

// unlock lets this process write to a folder of its user's that is closed to it, until finish.
func (b *batch) unlock(base *reach.Base, rel string, dir *durable.Dir) error {
	if b.p.give.Root {
		return nil
	}
	path := filepath.Join(base.Path, rel)
	st, err := dir.Lstat("")
	if err != nil || st.Mode&0o300 == 0o300 || int(st.UID) != b.p.give.UID || b.opened[path] != nil {
		return err
	}
	b.opened[path] = &openedFolder{base: base, rel: rel, st: st}
	return rights.ChmodFolder(dir, st.Mode&0o7777|0o300)
}

// startFolder makes the folder of a step, closed to others, or narrows one that is there to what
// the version allows.
func (b *batch) startFolder(s *Step) error {
	if s.Action != Adjust {
		return b.makeFolder(s)
	}
	if err := b.p.give.OpenClosed(s.base.Folder, s.rel, &s.presentStat); err != nil {
		return err
	}
	dir, err := s.base.Walk.Dir(s.rel)
	if err != nil {
		return err
	}
	st, err := dir.Lstat("")
	if err != nil {
		return err
	}
	was := &s.presentStat
	if !st.Same(*was) || st.Mode != was.Mode || st.UID != was.UID || st.GID != was.GID {
		return reach.ErrChanged
	}
	if s.made = st; b.p.Limit != nil {
		s.UID, s.GID = st.UID, st.GID // a folder that is there is given to nobody
	}
	if b.p.give.Root && st.UID != s.UID && st.UID != 0 { // who has it now reads nothing
		if err := dir.Do(durable.Chown, "", func(fd int) error { return unix.Fchown(fd, 0, -1) }); err != nil {
			return err
		}
	}
	if narrow := st.Mode & 0o7777 & (s.Mode | 0o700); narrow != st.Mode&0o7777 && b.p.give.MayChange(&st) {
		return rights.ChmodFolder(dir, narrow)
	}
	return nil
}

// makeFolder makes the folder of a step. One that lies above what is selected is complete then; the
// others stay closed until the end.
func (b *batch) makeFolder(s *Step) error {
	folder, name := layout.Split(s.rel)
	dir, err := b.folder(s.base, folder)
	if err != nil {
		return err
	}
	if err := s.removeObstacle(dir, name); err != nil {
		return err
	}
	if err := b.sweep(s.base, folder, dir); err != nil {
		return err
	}
	isParent := b.p.parents[s.Target] == s
	made := false
	sub, err := dir.MakeSubFor(name, func(sub *durable.Dir) (err error) {
		made = true
		if s.made, err = sub.Lstat(""); err == nil && isParent {
			err = b.complete(s, sub)
		}
		return err
	})
	if err != nil {
		return err
	}
	defer sub.Close()
	if !made && !isParent {
		return reach.ErrChanged
	}
	b.changed.Add(s.base, folder)
	return nil
}

// finishFolders gives the folders that were made or changed their owner, attributes and mode, those
// deepest in the tree first, also where the restore has failed.
func (b *batch) finishFolders() {
	slices.SortFunc(b.folders, func(x, y *Step) int { return strings.Compare(y.Target, x.Target) })
	for _, s := range b.folders {
		if err := b.finishFolder(s); err != nil {
			s.Err = explain(s, err)
		}
		delete(b.opened, s.Target)
		b.done(s)
	}
	for path, f := range b.opened {
		dir, err := f.base.Walk.Dir(f.rel)
		var st durable.Stat
		if err == nil {
			st, err = dir.Lstat("")
		}
		if err == nil && st.Same(f.st) {
			err = rights.ChmodFolder(dir, f.st.Mode&0o7777)
		}
		if err != nil {
			b.errs = append(b.errs, fmt.Errorf("%s was opened to write to it, and is not closed again: chmod %04o it: %w", record.Quote(path), f.st.Mode&0o7777, durable.WithoutPath(err)))
		}
	}
}

// finishFolder completes a folder, unless another one has its name by now.
func (b *batch) finishFolder(s *Step) error {
	dir, err := s.base.Walk.Dir(s.rel)
	if err != nil {
		return err
	}
	st, err := dir.Lstat("")
	if err != nil {
		return err
	}
	if !st.Same(s.made) {
		return reach.ErrChanged
	}
	if s.Mode&0o500 != 0o500 && b.isClosedBelow(s.Target) {
		return ErrOpened // it would close again what can be restored by now
	}
	if err := b.complete(s, dir); err != nil {
		return err
	}
	if !b.isBulk() {
		err = dir.Sync()
	}
	if err == nil {
		st, err = dir.Lstat("")
	}
	if err != nil {
		return err
	}
	s.StillDiffers = b.p.differences(s, &st, s.Blob, b.p.give.OfFolder(dir).Read())
	s.Notes = append(s.Notes, b.p.give.Lacking(&s.Record, &st)...)
	return nil
}

// isClosedBelow tells whether something below a folder could not be restored since this process's
// user may not read it.
func (b *batch) isClosedBelow(folder string) bool {
	return !b.p.give.Root && slices.ContainsFunc(b.p.Steps, func(s Step) bool {
		return strings.HasPrefix(s.Target, folder+"/") && errors.Is(s.Err, unix.EACCES)
	})
}

// complete gives an open folder owner, attributes and mode of the step's version.
func (b *batch) complete(s *Step, dir *durable.Dir) error {
	notes, err := b.p.give.ToFolder(&s.Record, dir, b.p.wish(s))
	s.Notes = append(s.Notes, notes...)
	return err
}

// sweep removes what a killed restore has left in a folder, once. It refuses a folder in which
// nothing can be renamed.
func (b *batch) sweep(base *reach.Base, rel string, dir *durable.Dir) error {
	path := filepath.Join(base.Path, rel)
	if b.swept[base][rel] {
		return b.frozen[path]
	}
	b.swept.Add(base, rel)
	if why := rights.Frozen(dir, ""); why != "" {
		b.frozen[path] = errors.New(why)
		return b.frozen[path]
	}
	if err := dir.RemoveScratch(); err != nil && b.p.o.Log != nil {
		b.p.o.Log("what a killed restore has left could not be removed", "folder", rel, "cause", err.Error())
	}
	return nil
}
