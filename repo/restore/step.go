package restore

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Action is what a step does with its target.
type Action string

// The actions. Step.Err tells of a failure, whatever the action.
const (
	Create  Action = "create"
	Replace Action = "replace"
	Keep    Action = "keep"  // the file is equal to the version
	Leave   Action = "leave" // a file exists, and OverwriteNever
)

// Step restores one version.
type Step struct {
	history.Entry
	Target  string // the path that is written
	Action  Action
	Differs []string // of Replace: content, kind, mode, owner, mtime; none for OverwriteAlways
	// StillDiffers lists in what the written file differs from the version, in the words of
	// Differs: the file system, or the lack of a right, allowed no more.
	StillDiffers []string
	Notes        []string // other differences, and their reasons
	Limited      bool     // Options.Limit changes the owner or the mode of Entry
	Err          error    // why the version was not restored

	base        *base
	rel         string       // the target below the base
	presentStat durable.Stat // of the file that exists at the target, or of the obstacle
	present     object.ID    // its content; zero where it cannot be read
	stored      object.ID    // the only content that may be replaced; zero: any
	temp        string       // the new file's name until it is complete
	obstacle    string       // below the base: a file whose path a folder needs; "": none
	cleared     bool         // the obstacle was removed
}

// writes tells whether the step writes its target.
func (s *Step) writes() bool { return s.Err == nil && (s.Action == Create || s.Action == Replace) }

// replaces is the source whose present content the step replaces or removes; "" for none.
func (s *Step) replaces() string {
	switch {
	case !s.writes():
		return ""
	case s.obstacle != "":
		return s.obstaclePath()
	case s.Action == Replace && !s.presentStat.IsDir():
		return s.Source
	}
	return ""
}

// obstaclePath is the path of the obstacle; "" for none.
func (s *Step) obstaclePath() string {
	if s.obstacle == "" {
		return ""
	}
	return filepath.Join(s.base.path, s.obstacle)
}

// decide examines the step's target and chooses the action.
func (s *Step) decide(o *Options) {
	s.Action = Create
	if s.base.dir == nil {
		return
	}
	folder, name := layout.Split(s.rel)
	dir, err := s.base.walk.Dir(folder)
	switch {
	case err != nil && durable.IsMissing(err):
		s.findObstacle(folder, o)
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
	s.presentStat, s.Action = st, Replace
	if o.Overwrite == OverwriteNever {
		s.Action = Leave
		return
	}
	s.compare(dir, name, o)
	if len(s.Differs) == 0 && o.Overwrite == OverwriteChanged {
		s.Action = Keep
		s.noteOwner(&st)
	}
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
		s.decideObstacle(dir, folder[:end], name, st, o)
		return
	}
}

// decideObstacle chooses what to do about a file whose path a folder needs.
func (s *Step) decideObstacle(dir *durable.Dir, rel, name string, st durable.Stat, o *Options) {
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
		s.obstacle, s.presentStat = rel, st
		if plain {
			s.present, _ = contentID(dir, name, &st)
		}
	}
}

// compare finds in what the existing file differs from the version.
func (s *Step) compare(dir *durable.Dir, name string, o *Options) {
	st := &s.presentStat
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
	s.present, _ = contentID(dir, name, st)
	s.Differs = s.differences(st, s.present)
}

// differences lists in what a file or link differs from the version. The owner counts for root
// only, who alone can give files away.
func (s *Step) differences(st *durable.Stat, content object.ID) []string {
	var differs []string
	switch {
	case s.Link != st.IsLink(), !s.Link && !st.IsRegular():
		differs = append(differs, "kind")
	case content != s.Blob, !s.Link && st.Size != s.Size:
		differs = append(differs, "content")
	}
	if !s.Link && st.Mode&0o7777 != s.Mode {
		differs = append(differs, "mode")
	}
	if os.Geteuid() == 0 && (st.UID != s.UID || st.GID != s.GID) {
		differs = append(differs, "owner")
	}
	if !time.Unix(st.Mtime.Sec, st.Mtime.Nsec).Equal(s.Mtime) {
		differs = append(differs, "mtime")
	}
	return differs
}

// noteOwner notes another owner than the version's, which only root could put right.
func (s *Step) noteOwner(st *durable.Stat) {
	if os.Geteuid() != 0 && (st.UID != s.UID || st.GID != s.GID) {
		s.Notes = append(s.Notes, fmt.Sprintf("owner is %d:%d, not %d:%d", st.UID, st.GID, s.UID, s.GID))
	}
}

// contentID is the name that git gives to the content of a file or link.
func contentID(dir *durable.Dir, name string, st *durable.Stat) (object.ID, error) {
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
