package restore

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/restore/reach"
)

// joinLinks finds the steps whose files are names of one file: those that were recorded as such,
// and are equal, and those that are it now and stay so.
func (p *Plan) joinLinks() {
	groups := map[string][]*Step{}
	planned := map[string]bool{}
	for i := range p.Steps {
		s := &p.Steps[i]
		planned[s.Target] = true
		if s.Err == nil && !s.Folder && !s.unread && s.Action != Remove && s.Action != Leave {
			groups[s.linkKey()] = append(groups[s.linkKey()], s)
		}
	}
	all := inOrder(groups)
	names := p.otherNames(all)
	var cut []otherName
	for _, group := range all {
		leader, lost := p.findLeader(group, names[group[0].Source], planned)
		joinGroup(group, leader)
		if lost.path != "" {
			cut = append(cut, lost)
		}
	}
	p.noteCut(cut)
	p.checkOtherNames()
}

// linkKey is equal for all names of a file.
func (s *Step) linkKey() string {
	if s.LinkedWith != "" {
		return s.LinkedWith
	}
	return s.Source
}

// inOrder returns the groups in the order of the plan.
func inOrder(groups map[string][]*Step) [][]*Step {
	all := slices.Collect(maps.Values(groups))
	slices.SortFunc(all, func(a, b []*Step) int { return strings.Compare(a[0].Target, b[0].Target) })
	return all
}

// otherName is a name of a file that is in no plan.
type otherName struct {
	of   *Step
	path string
	why  string // it cannot be that of the step's file again
}

// stays is the step of a group whose file stays, or nil.
func stays(group []*Step) *Step {
	for _, action := range []Action{Keep, Adjust} {
		if i := slices.IndexFunc(group, func(s *Step) bool { return s.Action == action }); i >= 0 {
			return group[i]
		}
	}
	return nil
}

// otherNames finds the names outside of the plan of the groups whose files do not stay, by the
// first source of each.
func (p *Plan) otherNames(groups [][]*Step) map[string][]string {
	var files []*record.Record
	for _, group := range groups {
		if stays(group) == nil {
			files = append(files, &group[0].Record)
		}
	}
	names := map[string][]string{}
	if len(files) > 0 && p.o.InPlace() && p.o.OtherNames != nil {
		names = p.o.OtherNames(files)
	}
	for _, r := range files {
		if r.LinkedWith != "" {
			names[r.Source] = append(names[r.Source], r.LinkedWith)
		}
	}
	return names
}

// findLeader returns the step of a group that the others join, which is least work: of a file that
// stays, if any, also where it is no step's and has one of the names. Where there is none, lost is
// a name that is cut off.
func (p *Plan) findLeader(group []*Step, names []string, planned map[string]bool) (leader *Step, lost otherName) {
	if s := stays(group); s != nil {
		return s, lost
	}
	s := group[0]
	for _, path := range names {
		if planned[path] {
			continue
		}
		other, why := p.nameOutside(s, path)
		if why == "" {
			return other, otherName{}
		}
		if lost.path == "" && (s.Action == Create || s.presentStat.Links < 2) {
			lost = otherName{s, path, why}
		}
	}
	return s, lost
}

// nameOutside returns a step that stays for a file outside of the plan which is as the step's
// version says, or why that file cannot get the step's name.
func (p *Plan) nameOutside(s *Step, path string) (*Step, string) {
	folder, name := filepath.Split(path)
	other := &Step{Entry: s.Entry, Target: path, Action: Keep, base: &reach.Base{Path: filepath.Clean(folder)}, rel: name, attrsKnown: s.attrsKnown}
	other.Source = path
	if !p.o.InPlace() || p.Limit != nil || p.o.Foreign {
		return nil, "is not restored"
	}
	err := other.base.Open(false)
	if err == nil {
		defer other.base.Close()
		other.presentStat, err = other.base.Dir.Lstat(name)
	}
	same := err == nil && isOf(&other.presentStat, &s.Record)
	if same { // only then it is read
		other.compare(p, other.base.Dir, name)
	}
	switch {
	case durable.IsMissing(err):
		return nil, "is not there"
	case !same || other.Err != nil || len(other.Differs) > 0:
		return nil, "is another file now"
	}
	return other, ""
}

// isOf tells whether the stat of a file is what a version says, its owner too.
func isOf(st *durable.Stat, r *record.Record) bool {
	return !st.IsDir() && st.IsLink() == r.Link && (r.Link || st.Mode&0o7777 == r.Mode && st.Size == r.Size) && st.UID == r.UID && st.GID == r.GID && st.Modified().Equal(r.Mtime)
}

// noteCut notes of which names the restored files are cut off.
func (p *Plan) noteCut(cut []otherName) {
	if len(cut) == 0 {
		return
	}
	text := fmt.Sprintf("%s was a hard link of %s, which %s: it becomes a file of its own", record.Quote(cut[0].of.Target), record.Quote(cut[0].path), cut[0].why)
	if len(cut) > 1 {
		text += fmt.Sprintf("; so it is with %d files", len(cut))
	}
	p.Notes = append(p.Notes, text)
}

// joinGroup lets the names of a file join its leader.
func joinGroup(group []*Step, leader *Step) {
	for _, s := range group {
		if s == leader || !isOneFile(s, leader) {
			continue
		}
		stays := leader.Action == Keep || leader.Action == Adjust
		switch {
		case stays && s.Action == leader.Action && s.presentStat.Same(leader.presentStat):
			if s.Action == Adjust {
				s.shares = leader
			}
		case s.Action == Create:
			s.joins = leader
		default:
			s.joins, s.Action = leader, Replace
			s.Differs = append(s.Differs, "links")
		}
	}
}

// isOneFile tells whether two versions can be of one file.
func isOneFile(a, b *Step) bool {
	return a.Link == b.Link && a.Blob == b.Blob && a.Mode == b.Mode && a.UID == b.UID && a.GID == b.GID &&
		a.Mtime.Equal(b.Mtime) && slices.Equal(a.Xattrs, b.Xattrs)
}

// checkOtherNames lets the names of a file that is there be changed together where all of them are
// in the plan and become equal. Else each gets a file of its own: other names keep theirs.
func (p *Plan) checkOtherNames() {
	names := map[inode][]*Step{}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Err == nil && !s.Folder && !s.unread && s.Action != Remove && s.Action != Create && s.presentStat.Links > 1 && s.obstacle == "" && !s.presentStat.IsDir() {
			id := inode{s.presentStat.Dev, s.presentStat.Ino}
			names[id] = append(names[id], s)
		}
	}
	cut := 0
	var first *Step
	for _, group := range names {
		first, cut = p.checkNames(group, first, cut)
	}
	if cut > 0 {
		text := fmt.Sprintf("%s has other names (hard links), which stay as they are: it becomes a file of its own", record.Quote(first.Target))
		if cut > 1 {
			text = fmt.Sprintf("%d files have other names (hard links), which stay as they are: they become files of their own, as %s", cut, record.Quote(first.Target))
		}
		p.Notes = append(p.Notes, text)
	}
}

// checkNames decides about the names of one file. It counts the files that lose other names.
func (p *Plan) checkNames(group []*Step, first *Step, cut int) (*Step, int) {
	all := uint64(len(group)) == group[0].presentStat.Links
	equal := !slices.ContainsFunc(group, func(s *Step) bool { return s.Action != Adjust || !isOneFile(s, group[0]) })
	if all && equal {
		for _, s := range group[1:] {
			s.shares, s.joins = group[0], nil
		}
		group[0].shares, group[0].joins = nil, nil
		return first, cut
	}
	for _, s := range group {
		if s.Action == Adjust {
			s.Action = Replace
			if s.shares != nil {
				s.joins, s.shares = s.shares, nil
			}
		}
		if s.Action == Replace && !all {
			if cut++; first == nil || s.Target < first.Target {
				first = s
			}
		}
	}
	return first, cut
}

// join gives files their further names.
func (b *batch) join() {
	told := map[string]bool{}
	for _, s := range b.joins {
		err := s.joins.Err
		if err == nil {
			b.clear(s)
			err = s.Err
		}
		if err == nil {
			err = b.link(s)
		}
		switch {
		case err == nil:
			b.done(s)
		case s.joins.Err == nil && !reach.IsLinkRefused(err) && !errors.Is(err, errLeader):
			s.Err = explain(s, err)
			b.done(s)
		default: // it gets a file of its own
			if s.joins.Err == nil && !told[s.linkKey()] {
				told[s.linkKey()] = true
				b.p.Notes = append(b.p.Notes, fmt.Sprintf("%s and %s are no hard links of each other any more: %s",
					record.Quote(s.joins.Target), record.Quote(s.Target), durable.Reason(err)))
			}
			s.joins, s.temp = nil, ""
			b.add(s)
			b.flush()
		}
	}
	b.checkLeaders()
	b.joins = nil
	for i := range b.p.Steps {
		if s := &b.p.Steps[i]; s.shares != nil && s.writes() {
			if s.Err = s.shares.Err; s.Err == nil {
				s.StillDiffers, s.Notes = s.shares.StillDiffers, s.shares.Notes
			}
			b.done(s)
		}
	}
}

// errLeader says that a file cannot get a further name, since it is not the one that it was.
var errLeader = errors.New("the other one changed meanwhile")

// openLeader opens the folder of the file that the step joins, and checks that this is the file of
// the plan, or the one that was made. One that stays must still be what the version says: its
// content is read before it gets its first name, and after its last.
func (b *batch) openLeader(s *Step) (dir *durable.Dir, name string, st durable.Stat, err error) {
	lead := s.joins
	folder, name := layout.Split(lead.rel)
	if dir, err = lead.base.Second().Dir(folder); err == nil {
		st, err = dir.Lstat(name)
	}
	switch {
	case err != nil:
		return nil, "", st, errors.Join(errLeader, err)
	case lead.Action != Keep && (st.Same(lead.made) || st.Same(lead.presentStat)), lead.Action != Keep && s.Link && st.IsLink():
		return dir, name, st, nil
	case lead.Action != Keep || !st.Same(lead.presentStat) || !isOf(&st, &s.Record):
		return nil, "", st, errLeader
	}
	if _, read := b.leaders[lead]; !read {
		id, err := reach.ContentID(dir, name, &st)
		if err != nil || id != s.Blob {
			return nil, "", st, errors.Join(errLeader, err)
		}
		b.leaders[lead] = nil
	}
	return dir, name, st, nil
}

// checkLeaders reads the files that stayed once more. What they hold by now, their new names hold.
func (b *batch) checkLeaders() {
	for lead, joined := range b.leaders {
		id := object.ID{}
		if end, err := openBase(lead); err == nil {
			folder, name := layout.Split(lead.rel)
			if dir, err := lead.base.Second().Dir(folder); err == nil {
				if st, err := dir.Lstat(name); err == nil {
					id, _ = reach.ContentID(dir, name, &st)
				}
			}
			end()
		}
		for _, s := range joined {
			if id != s.Blob && !slices.Contains(s.StillDiffers, "content") {
				s.StillDiffers = append(s.StillDiffers, "content")
			}
		}
	}
}

// openBase opens the base of a leader that is outside of the plan until end.
func openBase(lead *Step) (end func(), err error) {
	if lead.base.Dir != nil {
		return func() {}, nil
	}
	return lead.base.Close, lead.base.Open(false)
}

// link makes the step's target a further name of the file that it joins.
func (b *batch) link(s *Step) error {
	end, err := openBase(s.joins)
	if err != nil {
		return errors.Join(errLeader, err)
	}
	defer end()
	from, fromName, st, err := b.openLeader(s)
	if err != nil {
		return err
	}
	folder, name := layout.Split(s.rel)
	dir, err := b.folder(s.base, folder)
	if err != nil {
		return err
	}
	if now, err := dir.Lstat(name); err == nil && now.Same(st) {
		return nil
	}
	s.temp = durable.ScratchName()
	if err := from.Link(fromName, dir, s.temp); err != nil {
		return err
	}
	if now, err := dir.Lstat(s.temp); err != nil || !now.Same(st) {
		return errors.Join(reach.ErrChanged, err, dir.Remove(s.temp))
	}
	if err := b.name(s); err != nil {
		return errors.Join(err, s.removeTemp())
	}
	if joined, kept := b.leaders[s.joins]; kept {
		b.leaders[s.joins] = append(joined, s)
	}
	return nil
}
