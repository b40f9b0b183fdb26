package restore

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/restore/reach"
	"timemachine/repo/restore/rights"

	"golang.org/x/sys/unix"
)

// Action is what a step does with its target.
type Action string

// The actions. Step.Err tells of a failure, whatever the action.
const (
	Create  Action = "create"
	Replace Action = "replace"
	// only mode, owner, attributes or mtime are set, on the file or folder that is there
	Adjust Action = "adjust"
	Keep   Action = "keep"   // the file is equal to the version
	Leave  Action = "leave"  // a file exists, and Options.Overwrite spares it
	Remove Action = "remove" // Options.Exact: it was not there then
)

// Step restores one version. The step of what is removed has no version: of Entry it has Source,
// Folder and Link only.
type Step struct {
	history.Entry
	Target string // the path that is written
	Action Action
	// of Replace and Adjust: content, kind, mode, owner, mtime, attributes, links; none for
	// OverwriteAlways
	Differs []string
	// StillDiffers lists in what the written file differs from the version, in the words of
	// Differs: the file system, or the lack of a right, allowed no more.
	StillDiffers []string
	Notes        []string // other differences, and their reasons
	Limited      bool     // Options.Limit changes the owner or the mode of Entry
	Err          error    // why the version was not restored
	// Unexamined says that the present content cannot be read: Differs only supposes that it is
	// another one.
	Unexamined bool
	// ClosedIn is a folder at or above the target that is closed to this process's user, its owner.
	// Another step opens it, and what Err says is decided again. "" from Write on.
	ClosedIn string

	base         *reach.Base
	rel          string       // the target below the base; "" is the base itself
	presentStat  durable.Stat // of what exists at the target, or of the obstacle
	present      object.ID    // its content, where that was compared; else zero
	presentAttrs rights.Attrs // its attributes that count
	attrsKnown   bool         // the version tells all its attributes
	stored       object.ID    // the only content that may be replaced; zero: any
	temp         string       // the new file's name until it is complete
	obstacle     string       // below the base: a file whose path a folder needs; "": none
	cleared      bool         // the obstacle was removed
	unread       bool         // the file is closed to its owner, this process's user
	full         bool         // a folder with something in it is in the place of a file
	joins        *Step        // the file that this one becomes another name of
	shares       *Step        // the file that this one is another name of already
	made         durable.Stat // of what the step has made, or begun to change
	writtenAttrs rights.Attrs // of the new file, which this process may not be able to read
}

// writes tells whether the step writes its target.
func (s *Step) writes() bool {
	return s.Err == nil && (s.Action == Create || s.Action == Replace || s.Action == Adjust)
}

// replaces is the source whose present content or attributes the step replaces or removes; "" for
// none.
func (s *Step) replaces() string {
	switch {
	case s.Err == nil && s.Action == Remove:
		return s.Target
	case !s.writes() || s.unread:
		return ""
	case s.obstacle != "":
		return s.obstaclePath()
	case s.Action == Adjust, s.Action == Replace && !s.presentStat.IsDir():
		return s.Source
	}
	return ""
}

// obstaclePath is the path of the obstacle; "" for none.
func (s *Step) obstaclePath() string {
	if s.obstacle == "" {
		return ""
	}
	return filepath.Join(s.base.Path, s.obstacle)
}

// decide examines the step's target and chooses the action.
func (s *Step) decide(p *Plan) {
	s.Action = Create
	if s.base.Dir == nil {
		return
	}
	folder, name := layout.Split(s.rel)
	dir, err := s.base.Walk.Dir(folder)
	switch {
	case err != nil && durable.IsMissing(err):
		s.findObstacle(folder, &p.o)
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
	s.presentStat = st
	if s.Folder {
		s.decideFolder(p)
		return
	}
	s.Action = Replace
	if p.o.Overwrite == OverwriteNever || p.o.Overwrite == OverwriteIfNewer && !s.Link && st.IsRegular() && !st.Modified().Before(s.Mtime) {
		s.Action = Leave
		return
	}
	s.compare(p, dir, name)
	switch {
	case p.o.Overwrite == OverwriteAlways:
	case len(s.Differs) == 0:
		s.Action = Keep
		s.Notes = append(s.Notes, p.give.Lacking(&s.Record, &st)...)
	case s.unread, s.isAdjustable(p):
		s.Action = Adjust
	}
}

// decideFolder chooses the action for a folder where something exists.
func (s *Step) decideFolder(p *Plan) {
	st := &s.presentStat
	if !st.IsDir() {
		s.Action, s.Differs = Replace, []string{"kind"}
		s.decideObstacle(s.rel, *st, &p.o)
		return
	}
	if sub, err := s.base.Walk.Dir(s.rel); err == nil {
		s.presentAttrs = p.give.OfFolder(sub).Read()
	}
	s.Differs = p.differences(s, st, object.ID{}, s.presentAttrs)
	switch {
	case len(s.Differs) == 0:
		s.Action = Keep
		s.Notes = append(s.Notes, p.give.Lacking(&s.Record, st)...)
	case p.o.Overwrite == OverwriteNever:
		s.Action = Leave
	default:
		s.Action = Adjust
	}
}

// isAdjustable tells whether the file that exists can become as the version is without a new one in
// its place. Its other names, if any, must be in the plan: joinLinks checks that.
func (s *Step) isAdjustable(p *Plan) bool {
	if !s.presentStat.IsRegular() || s.Link || !p.give.MayAdjust(&s.presentStat, &s.Record) {
		return false
	}
	return !slices.Contains(s.Differs, "kind") && !slices.Contains(s.Differs, "content")
}

// findObstacle finds the file that has the path of a missing folder, if any.
func (s *Step) findObstacle(folder string, o *Options) {
	for end := 0; end < len(folder); end++ {
		next := strings.IndexByte(folder[end:], '/')
		if next < 0 {
			end = len(folder)
		} else {
			end += next
		}
		above, name := layout.Split(folder[:end])
		dir, err := s.base.Walk.Dir(above)
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
		s.decideObstacle(folder[:end], st, o)
		return
	}
}

// decideObstacle chooses what to do about a file whose path a folder needs.
func (s *Step) decideObstacle(rel string, st durable.Stat, o *Options) {
	path := filepath.Join(s.base.Path, rel)
	plain := st.IsRegular() || st.IsLink()
	switch {
	case st.IsLink() && o.Followed != nil && o.Followed(path):
		s.Err = fmt.Errorf("below the link %s, which the watch list names: restore that path by itself", record.Quote(path))
	case o.Overwrite == OverwriteNever:
		s.Err = fmt.Errorf("%s is in the way: it is no folder", record.Quote(path))
	case o.Overwrite != OverwriteAlways && (!plain || !o.InPlace()):
		s.Err = fmt.Errorf("%s is in the way: it is no folder; --overwrite always replaces it", record.Quote(path))
	default:
		s.obstacle, s.presentStat = rel, st
	}
}

// ErrFull says that a folder with something in it is in the place of a file.
var ErrFull = errors.New("a folder with other files in it is in the way")

// compare finds in what the existing file differs from the version.
func (s *Step) compare(p *Plan, dir *durable.Dir, name string) {
	st := &s.presentStat
	if st.IsDir() {
		s.Differs = []string{"kind"}
		if sub, err := dir.Sub(name); err == nil {
			names, err := sub.Names()
			sub.Close()
			s.full = err != nil || len(names) > 0
		} else if p.give.IsClosedFolder(st) {
			s.Notes = append(s.Notes, "a folder that is closed to you is there: it is replaced where it is empty")
		}
		return
	}
	if !st.IsRegular() && !st.IsLink() {
		s.Differs = []string{"kind"}
		if p.o.Overwrite != OverwriteAlways {
			s.Err = errors.New("a FIFO, a socket or a device is in the way: --overwrite always replaces it")
		}
		return
	}
	var err error
	s.present, s.presentAttrs, err = p.examine(dir, name, st, s.Link || st.Size == s.Size)
	if s.unread = errors.Is(err, unix.EACCES) && p.give.IsClosed(st); s.unread {
		s.Differs = []string{"mode"} // the rest shows when it is open
		return
	}
	switch {
	case s.attrsKnown || len(s.presentAttrs) == 0:
	case st.IsLink() != s.Link:
		s.attrsKnown = true // a file keeps no attributes of the link in its place, nor the reverse
	case p.o.HadNone != nil:
		var changed time.Time // unknown
		if s.Target == s.Source {
			changed = st.Changed()
		}
		s.attrsKnown = p.o.HadNone(&s.Entry, changed)
	}
	s.Differs = p.differences(s, st, s.present, s.presentAttrs)
	s.Unexamined = err != nil && st.Size == s.Size
}

// differences lists in what a file, link or folder differs from the version. The owner counts for
// root only, who alone can give files away.
func (p *Plan) differences(s *Step, st *durable.Stat, content object.ID, attrs rights.Attrs) []string {
	var differs []string
	switch {
	case s.Folder != st.IsDir(), s.Link != st.IsLink(), !s.Link && !s.Folder && !st.IsRegular():
		differs = append(differs, "kind")
	case !s.Folder && content != s.Blob, !s.Folder && !s.Link && st.Size != s.Size:
		differs = append(differs, "content")
	}
	differs = append(differs, p.give.Differences(&s.Record, st, attrs, s.attrsKnown)...)
	if !s.Folder && !st.Modified().Equal(s.Mtime) {
		differs = append(differs, "mtime")
	}
	return differs
}

// knowsAttributes tells whether the version of a step tells all attributes that its source had. One
// without any can be from before attributes were recorded. It is not where its folder was recorded
// by then: the run that recorded that has looked at the attributes of all files in it. folders are
// those of which that is known.
func (p *Plan) knowsAttributes(s *Step, folders map[string]bool) (bool, error) {
	folder := filepath.Dir(s.Source)
	if s.Folder || len(s.Xattrs) > 0 || s.Before != nil && len(s.Before.Xattrs) > 0 {
		return true, nil
	}
	if known, ok := folders[folder]; ok || p.o.FolderOf == nil {
		return known, nil
	}
	e, found, err := p.o.FolderOf(folder)
	if err != nil {
		return false, err
	}
	folders[folder] = found && (!e.CaptureTime().After(s.CaptureTime()) || !e.CaptureTime().After(p.o.Since))
	return folders[folder], nil
}

// examine reads the attributes that count of a file or link, and where content is set that, too.
func (p *Plan) examine(dir *durable.Dir, name string, st *durable.Stat, content bool) (id object.ID, attrs rights.Attrs, err error) {
	if st.IsLink() {
		id, err = reach.ContentID(dir, name, st)
		return id, p.give.OfLink(dir, name).Read(), err
	}
	f, err := dir.Open(name)
	if err != nil {
		return object.ID{}, nil, err
	}
	defer f.Close()
	if content {
		id, err = reach.Hash(reach.UntilDone(p.ctx, f), st.Size)
	}
	return id, p.give.Of(f).Read(), err
}
