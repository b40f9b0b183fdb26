package restore

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"

	"golang.org/x/sys/unix"
)

// Cleared lists the files that Write removes, or removed, because a folder needs their path.
func (p *Plan) Cleared() []string {
	var paths []string
	for s := range p.all {
		if s.obstacle != "" && (s.Err == nil || s.cleared) {
			paths = append(paths, s.obstaclePath())
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// all yields the steps, and then those of parents.
func (p *Plan) all(yield func(*Step) bool) {
	for _, list := range [][]Step{p.Steps, p.Parents} {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// Replaced lists the files, links and folders whose present content or attributes Write replaces or
// removes, each once.
func (p *Plan) Replaced() (files, folders []string) {
	seen := map[string]bool{}
	for s := range p.all {
		path := s.replaces()
		switch {
		case path == "" || seen[path]:
		case s.isOfFolder():
			folders = append(folders, path)
		default:
			files = append(files, path)
		}
		seen[path] = true
	}
	return files, folders
}

// isOfFolder tells whether the step replaces the attributes of a folder.
func (s *Step) isOfFolder() bool { return s.Folder && s.obstacle == "" }

// Restored lists the files, links and folders that Write has restored, and the commits of their
// versions. Among the files are those, without a commit, that have got further names.
func (p *Plan) Restored() (files, folders []string, commits map[string]object.ID) {
	commits = map[string]object.ID{}
	for s := range p.all {
		switch {
		case !s.writes() || s.Commit.IsZero():
			continue
		case s.Folder:
			folders = append(folders, s.Source)
		default:
			files = append(files, s.Source)
		}
		commits[s.Source] = s.Commit
	}
	for s := range p.all {
		if s.joins != nil && commits[s.Source] == s.Commit && s.joins.Action == Keep {
			files = append(files, s.joins.Source)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), folders, commits
}

var errUnrecorded = errors.New("its present content is in no version and cannot be recorded here; --overwrite always replaces it")

// ConfirmRecorded tells the plan which content the newest version of each replaced path holds, zero
// for a folder's; mode, owner and attributes are in that version too. Write replaces no other
// content. A step whose path is not in recorded fails with the path's error in failed, unless all
// is to be overwritten.
func (p *Plan) ConfirmRecorded(recorded map[string]object.ID, failed map[string]error) {
	for s := range p.all {
		path := s.replaces()
		if path == "" {
			continue
		}
		stored, ok := recorded[path]
		if s.stored = stored; ok || p.o.Overwrite == OverwriteAlways && s.Action != Remove {
			continue
		}
		if s.Err = failed[path]; s.Err == nil {
			s.Err = errUnrecorded
		}
	}
}

// ConfirmStored is ConfirmRecorded where nothing can be recorded: it looks the present contents up
// in the history. A folder's attributes, and those of a file whose content stays, count as known.
func (p *Plan) ConfirmStored() error {
	recorded := map[string]object.ID{}
	for s := range p.all {
		path := s.replaces()
		switch {
		case path == "":
		case s.isOfFolder():
			recorded[path] = object.ID{}
		default:
			stored, err := p.isStored(s)
			if err != nil {
				return err
			}
			if stored {
				recorded[path] = s.present
			}
		}
	}
	p.ConfirmRecorded(recorded, nil)
	return nil
}

// quicklyRead is the most bytes that are read of a file whose size no version may have.
const quicklyRead = 1 << 30

// isStored tells whether the history holds the content of the file or link that a step replaces,
// which it reads where NewPlan has not. What cannot be read is not stored.
func (p *Plan) isStored(s *Step) (bool, error) {
	if st := &s.presentStat; s.present.IsZero() {
		if st.IsRegular() && st.Size > quicklyRead && p.o.HasSize != nil {
			if may, err := p.o.HasSize(st.Size); !may || err != nil {
				return false, err
			}
		}
		folder, name := layout.Split(cmp.Or(s.obstacle, s.rel))
		if dir, err := s.base.Walk.Dir(folder); err == nil {
			s.present, _, _ = p.examine(dir, name, st, true) // zero where it cannot be read
		}
		if s.present.IsZero() {
			return false, p.ctx.Err()
		}
	}
	return p.src.Has(s.present)
}

// Foretell lets the steps fail whose path cannot be recorded before it is replaced or removed,
// unless all is to be overwritten: why says so of what is there now. The folders that are to be
// removed with it stay, too.
func (p *Plan) Foretell(why func(path string, present *durable.Stat) error) {
	stays := map[string]bool{}
	for s := range p.all {
		if path := s.replaces(); path != "" && (p.o.Overwrite != OverwriteAlways || s.Action == Remove) {
			s.Err = why(path, &s.presentStat)
		}
		for at := s.Target; s.Action == Remove && s.Err != nil && len(at) > 1; at = filepath.Dir(at) {
			stays[at] = true
		}
	}
	for s := range p.all {
		if s.Action == Remove && s.Err == nil && stays[s.Target] {
			s.Err = unix.ENOTEMPTY
		}
	}
}
