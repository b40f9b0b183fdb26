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

// Overwrite says what happens to existing files.
type Overwrite int

// The zero value replaces a file that differs from the version in content, kind, mode, owner or
// mtime.
const (
	OverwriteChanged Overwrite = iota
	OverwriteNever             // existing files stay
	OverwriteAlways            // also of equal files, and of files that could not be recorded first
	OverwriteIfNewer           // files stay whose mtime is not before the version's
)

// Selection is one path to be restored, with the versions at and below it.
type Selection struct {
	Path    string
	Entries []history.Entry
}

// isFolder tells whether the path was a folder: its own version says so, or any lies below it.
func (s *Selection) isFolder() bool {
	return slices.ContainsFunc(s.Entries, func(e history.Entry) bool { return e.Folder || e.Source != s.Path })
}

// Options says where versions are restored to. The zero value restores them to their own paths.
type Options struct {
	// absolute: the folder below which full paths are made; "" and "/": their own paths
	To string
	// Place is the path below To at which a source is put; "" for a source that is passed over.
	// nil: its full path. Used with To only.
	Place     func(source string) string
	Overwrite Overwrite
	// Exact also removes what lies below a selected folder and was not there then: what Plan.Extra
	// would list. Used without To only.
	Exact bool
	// FolderOf finds the recorded version of a folder that must be made, because what is selected
	// lies in it. nil, or false: it gets mode and owner of the folder above.
	FolderOf func(path string) (history.Entry, bool, error)
	// OtherNames finds, for some files, the names that they had besides, or may have had, by their
	// sources. nil: none is known.
	OtherNames func(files []*record.Record) map[string][]string
	// Attributes tells which extended attributes are recorded; the others are left as they are.
	// nil: all.
	Attributes func(name string) bool
	// HadNone tells of a version without attributes that its source really had none. changed is
	// when the source, which has some, became what it is now; zero: unknown. nil: nothing is known.
	HadNone func(e *history.Entry, changed time.Time) bool
	// Since is a moment at which the versions were in force, the latest that is known.
	Since time.Time
	// Followed reports the links that the watch list names, which are followed and not replaced.
	// nil: none.
	Followed func(path string) bool
	// HasSize tells whether the history has a version of so many bytes. nil: it may.
	HasSize func(size int64) (bool, error)
	// Extra reports which extra files Plan.Extra lists; nil: all.
	Extra func(path string) bool
	// Foreign says that others could have written the history: no file gets setuid or setgid.
	Foreign bool
	Limit   *rights.Limit                 // nil: files become as they were recorded
	Log     func(msg string, args ...any) // important actions; nil: none
}

// InPlace tells whether sources are restored to their own paths.
func (o *Options) InPlace() bool { return o.To == "" || o.To == "/" && o.Place == nil }

// Plan is what a restore does.
type Plan struct {
	Steps []Step // in order of their targets; no two have the same target
	// folders that are not selected and must be made, since a target lies in them, in order. Their
	// Commit is zero where no version is known.
	Parents []Step
	Extra   []string // existing files that had no version then; they stay
	// ExtraFolders are existing folders, empty but for such folders, that had no version then; they
	// stay.
	ExtraFolders []string
	Notes        []string      // what holds for the restore as a whole, a line each
	Limit        *rights.Limit // as in Options
	Begun        bool          // Write was called

	ctx     context.Context // of NewPlan
	src     Source
	o       Options
	give    rights.Policy
	bases   []*reach.Base
	parents map[string]*Step // Parents by target
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
	// AttributeValue is the value of an attribute.
	AttributeValue(x *record.Xattr) (string, error)
}

// Close closes the folders that the plan holds open.
func (p *Plan) Close() {
	for _, b := range p.bases {
		b.Close()
	}
}

// NewPlan examines the files on disk and decides what each version needs. It changes nothing. What
// prevents one version from being restored is its Step's Err.
func NewPlan(ctx context.Context, src Source, selections []Selection, o Options) (*Plan, error) {
	p := &Plan{ctx: ctx, Limit: o.Limit, src: src, o: o, give: rights.Own(o.Foreign || o.Limit != nil, o.Attributes), parents: map[string]*Step{}}
	planned := map[string]bool{}
	var selected []*reach.Base
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
	slices.SortStableFunc(p.Steps, func(a, b Step) int { return strings.Compare(a.Target, b.Target) })
	if err := p.decide(ctx); err != nil {
		return p, err
	}
	p.findExtra(ctx, selections, selected)
	p.findClosed()
	p.joinLinks()
	p.tellTwins()
	return p, p.addParents(ctx)
}

// tellTwins notes of names that look alike which is which.
func (p *Plan) tellTwins() {
	paths := slices.Clone(p.Extra)
	for i := range p.Steps {
		paths = append(paths, p.Steps[i].Target)
	}
	twins := reach.Twins(paths)
	for i := range p.Steps {
		if twin := twins[p.Steps[i].Target]; twin != "" {
			p.Steps[i].Notes = append(p.Steps[i].Notes, twin)
		}
	}
}

// addStep appends the step for one version. What Options.Place passes over gets none.
func (p *Plan) addStep(ctx context.Context, b *reach.Base, e history.Entry) error {
	s := Step{Entry: e, base: b, Target: filepath.Join(p.o.To, e.Source)}
	if p.o.Place != nil && !p.o.InPlace() {
		place := p.o.Place(e.Source)
		if place == "" {
			return nil
		}
		s.Target = filepath.Join(p.o.To, place)
	}
	var err error
	if s.rel, err = filepath.Rel(b.Path, s.Target); err != nil || strings.HasPrefix(s.rel, "..") {
		return fmt.Errorf("%s is not below %s", record.Quote(s.Target), record.Quote(b.Path))
	}
	if s.rel == "." {
		s.rel = ""
	}
	s.Limited = p.Limit.Hold(&s.Record)
	p.Steps = append(p.Steps, s)
	return ctx.Err()
}

// decide chooses the action of each step. Folders tell about the attributes of the files in them.
func (p *Plan) decide(ctx context.Context) error {
	folders := map[string]bool{}
	for i := range p.Steps {
		if p.Steps[i].Folder {
			folders[p.Steps[i].Source] = true
		}
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		if err := ctx.Err(); err != nil {
			return err
		}
		var err error
		if s.attrsKnown, err = p.knowsAttributes(s, folders); err != nil {
			return err
		}
		if s.Err = p.followLink(s); s.Err == nil {
			s.decide(p)
		}
	}
	return nil
}

// findClosed finds the steps that could not be decided in closed folders that other steps open.
func (p *Plan) findClosed() {
	opens := map[string]bool{}
	for i := range p.Steps {
		s := &p.Steps[i]
		opened := s.Folder && s.Action == Adjust && s.Err == nil && s.rel != ""
		opens[s.Target] = opens[s.Target] || opened && p.give.IsClosedFolder(&s.presentStat)
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		in := s.Target
		for ; in != "/" && !opens[in]; in = filepath.Dir(in) {
		}
		if opens[in] && errors.Is(s.Err, unix.EACCES) {
			s.ClosedIn = in
		}
	}
}

// openBase opens the folder that a selection's steps start from: what lies in it must be made below
// it. Where the folders above the selection are missing, it is the nearest one that is there.
func (p *Plan) openBase(s *Selection) (*reach.Base, error) {
	b := &reach.Base{Path: p.o.To}
	inside := false
	if p.o.InPlace() {
		b.Path = filepath.Dir(s.Path)
		if s.isFolder() && reach.EntersFolder(s.Path, p.o.Followed) {
			b.Path, inside = s.Path, true
		}
	}
	p.bases = append(p.bases, b)
	err := b.Open(false)
	if (durable.IsMissing(err) || errors.Is(err, unix.EACCES)) && p.o.InPlace() {
		if inside { // missing, or closed to this user
			b.Path = filepath.Dir(s.Path)
			err = b.Open(false)
		}
		if durable.IsMissing(err) {
			err = b.OpenAbove()
		}
	}
	if durable.IsMissing(err) {
		err = nil
	}
	return b, err
}

// followLink changes the target of a step from a link that the watch list names to the file behind
// it: the version holds that file's content, and the link stays.
func (p *Plan) followLink(s *Step) error {
	if !p.o.InPlace() || s.Link || s.Folder || p.o.Followed == nil || !p.o.Followed(s.Source) || s.base.Dir == nil {
		return nil
	}
	folder, name := layout.Split(s.rel)
	way, last, err := s.base.Behind(s.rel, folder, name)
	p.bases = append(p.bases, way...)
	if err == nil && len(way) > 0 {
		s.base, s.rel = way[len(way)-1], last
		s.Target = filepath.Join(s.base.Path, last)
	}
	return err
}
