// Package restore brings versions back to disk: it examines what is there, decides what to do, and
// writes.
//
// NewPlan makes one step for each version and changes nothing. Then the caller records what the
// plan replaces and confirms it, and Write carries the steps out. A file is replaced only while it
// holds the content that was confirmed.
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

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Overwrite says what happens to existing files.
type Overwrite int

// The zero value replaces a file that differs from the version in content, kind, mode, owner or
// mtime.
const (
	OverwriteChanged Overwrite = iota
	OverwriteNever             // existing files stay
	// also replaces equal files, and files that could not be recorded first
	OverwriteAlways
)

// Selection is one path to be restored, with the versions at and below it.
type Selection struct {
	Path    string
	Entries []history.Entry
}

// isFolder tells whether any version lies below the path.
func (s *Selection) isFolder() bool {
	return slices.ContainsFunc(s.Entries, func(e history.Entry) bool { return e.Source != s.Path })
}

// Options says where versions are restored to. The zero value restores them to their own paths.
type Options struct {
	// absolute: the folder below which full paths are made; "" and "/": their own paths
	To        string
	Overwrite Overwrite
	// Followed reports the links that the watch list names, which are followed and not replaced.
	// nil: none.
	Followed func(path string) bool
	// Extra reports which extra files Plan.Extra lists; nil: all.
	Extra func(path string) bool
	Limit *Limit                        // nil: files become as they were recorded
	Log   func(msg string, args ...any) // important actions; nil: none
}

// Limit is what holds for a history that others could have written: every file is given to one
// owner, and none gets setuid or setgid.
type Limit struct {
	Owner durable.Owner
	Why   error // why others could have written it
}

// hold makes a step's version one that the limit allows.
func (l *Limit) hold(s *Step) {
	before := s.Record
	s.UID, s.GID = uint32(l.Owner.UID), uint32(l.Owner.GID)
	s.Mode &^= unix.S_ISUID | unix.S_ISGID
	s.Limited = s.UID != before.UID || s.GID != before.GID || s.Mode != before.Mode
}

// InPlace tells whether sources are restored to their own paths.
func (o *Options) InPlace() bool { return o.To == "" || o.To == "/" }

// Plan is what a restore does.
type Plan struct {
	Steps []Step   // in order of their targets
	Extra []string // existing files that had no version then; they stay
	Limit *Limit   // as in Options
	Begun bool     // Write was called

	src   Source
	o     Options
	bases []*base
}

// Source is the history that versions are restored from.
type Source interface {
	// Content streams the content of a version; of a symbolic link, its target.
	Content(v *record.Version) (io.ReadCloser, int64, error)
	// Redacted tells whether a rewritten history no longer holds a version's content.
	Redacted(v *record.Version) (object.ID, bool)
	// Has tells whether a content is stored.
	Has(content object.ID) (bool, error)
	// Folder identifies the folder that holds the history.
	Folder() (durable.Stat, error)
}

// base is a folder from which steps go on without following links.
type base struct {
	path string
	dir  *durable.Dir // nil: the folder is missing
	walk *durable.Walker
}

// Close closes the folders that the plan holds open.
func (p *Plan) Close() {
	for _, b := range p.bases {
		if b.dir != nil {
			b.walk.Close()
			b.dir.Close()
		}
	}
}

// NewPlan examines the files on disk and decides what each version needs. It changes nothing. What
// prevents one version from being restored is its Step's Err.
func NewPlan(ctx context.Context, src Source, selections []Selection, o Options) (*Plan, error) {
	p := &Plan{Limit: o.Limit, src: src, o: o}
	planned := map[string]bool{}
	var selected []*base
	for i := range selections {
		s := &selections[i]
		b, err := p.openBase(s)
		if err != nil {
			return p, err
		}
		selected = append(selected, b)
		for _, e := range s.Entries {
			if planned[e.Source] {
				continue
			}
			planned[e.Source] = true
			if err := p.addStep(ctx, b, e); err != nil {
				return p, err
			}
		}
	}
	slices.SortFunc(p.Steps, func(a, b Step) int { return strings.Compare(a.Target, b.Target) })
	if o.InPlace() {
		p.findExtra(ctx, selections, selected)
	}
	return p, nil
}

// addStep appends the step for one version.
func (p *Plan) addStep(ctx context.Context, b *base, e history.Entry) error {
	s := Step{Entry: e, base: b, Target: filepath.Join(p.o.To, e.Source)}
	if p.Limit != nil {
		p.Limit.hold(&s)
	}
	var err error
	if s.rel, err = filepath.Rel(b.path, s.Target); err != nil || strings.HasPrefix(s.rel, "..") {
		return fmt.Errorf("%s is not below %s", record.Quote(s.Target), record.Quote(b.path))
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.Err = p.followLink(&s); s.Err == nil {
		s.decide(&p.o)
	}
	p.Steps = append(p.Steps, s)
	return nil
}

// openBase opens the folder that a selection's steps start from.
func (p *Plan) openBase(s *Selection) (*base, error) {
	b := &base{path: p.o.To}
	if p.o.InPlace() {
		b.path = filepath.Dir(s.Path)
		if s.isFolder() && entersFolder(s.Path, p.o.Followed) {
			b.path = s.Path
		}
	}
	p.bases = append(p.bases, b)
	err := b.open(false)
	if durable.IsMissing(err) {
		err = nil
	}
	return b, err
}

func (b *base) open(make bool) error {
	dir, err := durable.OpenTrusted(b.path, make)
	if err != nil {
		return err
	}
	b.dir, b.walk = dir, durable.NewWalker(dir)
	return nil
}

// entersFolder tells whether steps start inside a selected folder. They do not where a link has its
// place, unless the watch list names the link.
func entersFolder(path string, followed func(string) bool) bool {
	parent, err := durable.OpenTrusted(filepath.Dir(path), false)
	if err != nil {
		return true
	}
	defer parent.Close()
	if path == "/" {
		return true
	}
	st, err := parent.Lstat(filepath.Base(path))
	if err != nil || st.IsDir() {
		return true
	}
	return st.IsLink() && followed != nil && followed(path)
}

// followLink changes the target of a step from a link that the watch list names to the file behind
// it: the version holds that file's content, and the link stays.
func (p *Plan) followLink(s *Step) error {
	if !p.o.InPlace() || s.Link || p.o.Followed == nil || !p.o.Followed(s.Source) || s.base.dir == nil {
		return nil
	}
	folder, name := layout.Split(s.rel)
	dir, err := s.base.walk.Dir(folder)
	if err != nil {
		return nil
	}
	st, err := dir.Lstat(name)
	if err != nil {
		return nil
	}
	path := s.Target
	for links := 0; st.IsLink(); links++ {
		target, err := readTrusted(dir, name, &st)
		if err != nil {
			return err
		}
		if links == maxLinks {
			return fmt.Errorf("is a link that leads nowhere: %w", unix.ELOOP)
		}
		if !filepath.IsAbs(target) {
			target = path[:strings.LastIndexByte(path, '/')+1] + target
		}
		path = target
		cut := strings.LastIndexByte(path, '/')
		b := &base{path: path[:cut+1]}
		p.bases = append(p.bases, b)
		s.Target, s.base, s.rel = filepath.Clean(path), b, path[cut+1:]
		if err = durable.CheckName(s.rel); err == nil {
			err = b.open(false)
		}
		if err == nil {
			dir, name = b.dir, s.rel
			st, err = dir.Lstat(name)
		}
		if err != nil {
			return fmt.Errorf("is a link that leads nowhere: %w", err)
		}
	}
	return nil
}

// maxLinks is how many links one path may lead through, as in Linux.
const maxLinks = 40

// readTrusted returns the target of a link that root or this process's user owns, and that is still
// the one with the stat.
func readTrusted(dir *durable.Dir, name string, st *durable.Stat) (string, error) {
	if st.UID != 0 && int(st.UID) != os.Geteuid() {
		return "", &durable.OthersLinkError{UID: st.UID}
	}
	target, err := dir.Readlink(name)
	if err != nil {
		return "", err
	}
	if now, err := dir.Lstat(name); err != nil || !isUnchanged(&now, st) {
		return "", errChanged
	}
	return strings.TrimRight(target, "/"), nil
}

// Cleared lists the files that Write removes, or removed, because a folder needs their path.
func (p *Plan) Cleared() []string {
	var paths []string
	for i := range p.Steps {
		if s := &p.Steps[i]; s.obstacle != "" && (s.Err == nil || s.cleared) {
			paths = append(paths, s.obstaclePath())
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// Replaced lists the sources whose present content Write replaces or removes, each once.
func (p *Plan) Replaced() []string {
	seen := map[string]bool{}
	var paths []string
	for i := range p.Steps {
		if path := p.Steps[i].replaces(); path != "" && !seen[path] {
			seen[path] = true
			paths = append(paths, path)
		}
	}
	return paths
}

// Restored lists the sources that Write has restored.
func (p *Plan) Restored() []string {
	var paths []string
	for i := range p.Steps {
		if s := &p.Steps[i]; s.writes() {
			paths = append(paths, s.Source)
		}
	}
	return paths
}

var errUnrecorded = errors.New("its present content is in no version and cannot be recorded here; --overwrite always replaces it")

// ConfirmRecorded tells the plan which content the newest version of each replaced path holds.
// Write replaces no other content. A step whose path is not in recorded fails with the path's error
// in failed, unless all is to be overwritten.
func (p *Plan) ConfirmRecorded(recorded map[string]object.ID, failed map[string]error) {
	for i := range p.Steps {
		s := &p.Steps[i]
		path := s.replaces()
		if path == "" {
			continue
		}
		if s.stored = recorded[path]; !s.stored.IsZero() || p.o.Overwrite == OverwriteAlways {
			continue
		}
		if s.Err = failed[path]; s.Err == nil {
			s.Err = errUnrecorded
		}
	}
}

// ConfirmStored is ConfirmRecorded where nothing can be recorded: it looks the present contents up
// in the history.
func (p *Plan) ConfirmStored() error {
	recorded := map[string]object.ID{}
	for i := range p.Steps {
		s := &p.Steps[i]
		path := s.replaces()
		if path == "" || s.present.IsZero() {
			continue
		}
		stored, err := p.src.Has(s.present)
		if err != nil {
			return err
		}
		if stored {
			recorded[path] = s.present
		}
	}
	p.ConfirmRecorded(recorded, nil)
	return nil
}

func (p *Plan) log(msg string, args ...any) {
	if p.o.Log != nil {
		p.o.Log(msg, args...)
	}
}
