// Package restore brings versions back to disk: it looks at what is there, decides what to do, and
// writes.
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

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/layout"
	"timemachine/repo/record"
)

// Overwrite says what becomes of files that are there.
type Overwrite int

// The zero value replaces what differs from the version in content, kind, mode, owner or mtime.
const (
	OverwriteChanged Overwrite = iota
	OverwriteNever             // what is there stays
	OverwriteAlways            // replace also what is equal, and what could not be captured first
)

// Selection is one path to be brought back, with the versions at and below it.
type Selection struct {
	Path    string
	Entries []history.Entry
}

// folder tells whether anything lies below the path.
func (s *Selection) folder() bool {
	return slices.ContainsFunc(s.Entries, func(e history.Entry) bool { return e.Source != s.Path })
}

// Options says where versions are brought back to. The zero value puts them where they were.
type Options struct {
	To        string // absolute: a folder below which the full paths are made; "" and "/": where they were
	Overwrite Overwrite
	// Followed tells of links that are meant to be followed and not replaced: what the watch list
	// names. nil: none.
	Followed func(path string) bool
	// Extra tells which files, beside those brought back, are worth naming; nil: all.
	Extra func(path string) bool
	Log   func(msg string, args ...any) // important actions; nil: none
}

// InPlace tells whether sources are put where they were.
func (o *Options) InPlace() bool { return o.To == "" || o.To == "/" }

// Action is what is to be done, or was done, for one version.
type Action string

// The actions. A failure is told by Step.Err, whatever the action.
const (
	Create  Action = "create"
	Replace Action = "replace"
	Keep    Action = "keep"  // it is as it should be
	Leave   Action = "leave" // something is there, and OverwriteNever
)

// Step is what is done for one version.
type Step struct {
	history.Entry
	Target  string // where it goes
	Action  Action
	Differs []string // of Replace, what: content, kind, mode, owner, mtime; "" for OverwriteAlways
	Notes   []string // what could not be brought back as it was recorded
	Err     error    // why it was not done, or could not be

	base    *base
	rel     string // below the base
	there   durable.Stat
	present object.ID // content of what is there now; zero where it cannot be read
	temp    string    // its name while it is written
	block   string    // below the base: what stands where a folder must be; "" none
	cleared bool      // that was removed
}

// base is a folder from which steps go on without following links.
type base struct {
	path string
	dir  *durable.Dir // nil: not there yet
	walk *durable.Walker
}

// Plan is what a restore will do.
type Plan struct {
	Steps []Step   // in order of their targets
	Extra []string // files that are there, and were not then: left alone

	src   Source
	o     Options
	bases []*base
}

// Source is the history that versions are brought back from.
type Source interface {
	// Content streams what a version held; of a symbolic link, its target.
	Content(v *record.Version) (io.ReadCloser, int64, error)
	// Redacted tells whether the history was rewritten so that a version's content is gone.
	Redacted(v *record.Version) (object.ID, bool)
	// Has tells whether a content is stored.
	Has(content object.ID) (bool, error)
	// Folder identifies the folder that holds the history.
	Folder() (durable.Stat, error)
}

// Close lets go of the folders the plan holds open.
func (p *Plan) Close() {
	for _, b := range p.bases {
		if b.dir != nil {
			b.walk.Close()
			b.dir.Close()
		}
	}
}

// Look looks at what is on disk and decides what has to be done to bring versions back. It changes
// nothing. What is in the way of one version is its Step's Err.
func Look(ctx context.Context, src Source, selections []Selection, o Options) (*Plan, error) {
	p := &Plan{src: src, o: o}
	taken := map[string]bool{}
	var tops []*base
	for i := range selections {
		s := &selections[i]
		b, err := p.open(s)
		if err != nil {
			return p, err
		}
		tops = append(tops, b)
		for _, e := range s.Entries {
			if taken[e.Source] {
				continue
			}
			taken[e.Source] = true
			step := Step{Entry: e, base: b, Target: filepath.Join(o.To, e.Source)}
			if step.rel, err = filepath.Rel(b.path, step.Target); err != nil || strings.HasPrefix(step.rel, "..") {
				return p, fmt.Errorf("%s is not below %s", record.Quote(step.Target), record.Quote(b.path))
			}
			if err := ctx.Err(); err != nil {
				return p, err
			}
			if err := p.follow(&step); err != nil {
				step.Err = err
			} else {
				step.decide(&o)
			}
			p.Steps = append(p.Steps, step)
		}
	}
	slices.SortFunc(p.Steps, func(a, b Step) int { return strings.Compare(a.Target, b.Target) })
	if o.InPlace() {
		p.findExtra(ctx, selections, tops)
	}
	return p, nil
}

// open finds the folder that a selection's steps start from.
func (p *Plan) open(s *Selection) (*base, error) {
	b := &base{path: p.o.To}
	if p.o.InPlace() {
		b.path = filepath.Dir(s.Path)
		if s.folder() && entered(s.Path, p.o.Followed) {
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

// entered tells whether a selected folder is gone into as it stands: it is a folder, or a link in
// the place of one that was not recorded as a link, such as the watch list may name.
func entered(path string, followed func(string) bool) bool {
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

// follow leads a step whose target is a link that the watch list follows to the file behind it:
// that is what was recorded, and the link stays.
func (p *Plan) follow(s *Step) error {
	if !p.o.InPlace() || s.Link || p.o.Followed == nil || !p.o.Followed(s.Source) || s.base.dir == nil {
		return nil
	}
	folder, name := layout.Split(s.rel)
	dir, err := s.base.walk.Dir(folder)
	if err != nil {
		return nil
	}
	st, err := dir.Lstat(name)
	if err != nil || !st.IsLink() {
		return nil
	}
	if st.UID != 0 && int(st.UID) != os.Geteuid() {
		return &durable.OthersLinkError{UID: st.UID}
	}
	target, err := filepath.EvalSymlinks(s.Target)
	if err != nil {
		return fmt.Errorf("is a link that leads nowhere: %w", err)
	}
	b := &base{path: filepath.Dir(target)}
	p.bases = append(p.bases, b)
	s.Target, s.base, s.rel = target, b, filepath.Base(target)
	return b.open(false)
}

// blocker is the path of what stands where a folder must be, "" for nothing.
func (s *Step) blocker() string {
	if s.block == "" {
		return ""
	}
	return filepath.Join(s.base.path, s.block)
}

// Cleared lists what has to go, or went, because it stood where a folder must be.
func (p *Plan) Cleared() []string {
	var paths []string
	for i := range p.Steps {
		if s := &p.Steps[i]; s.block != "" && (s.Err == nil || s.cleared) {
			paths = append(paths, s.blocker())
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// Present lists what is there now and is about to be replaced.
func (p *Plan) Present() []string {
	seen := map[string]bool{}
	var paths []string
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Err != nil {
			continue
		}
		path := ""
		switch {
		case s.block != "":
			path = s.blocker()
		case s.Action == Replace && !s.there.IsDir():
			path = s.Source
		}
		if path != "" && !seen[path] {
			seen[path] = true
			paths = append(paths, path)
		}
	}
	return paths
}

// Restored lists the sources that were brought back, once Write is done.
func (p *Plan) Restored() []string {
	var paths []string
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Err == nil && (s.Action == Create || s.Action == Replace) {
			paths = append(paths, s.Source)
		}
	}
	return paths
}

// Refuse gives up the steps that would replace one of these paths, unless all is to be overwritten.
func (p *Plan) Refuse(paths map[string]error) {
	if p.o.Overwrite == OverwriteAlways {
		return
	}
	for i := range p.Steps {
		s := &p.Steps[i]
		err := paths[s.Source]
		if s.block != "" {
			err = paths[s.blocker()]
		}
		if err != nil && s.Err == nil && (s.Action == Replace || s.block != "") {
			s.Err = err
		}
	}
}

// Unrecorded lists, of what is about to be replaced, the files whose present content no version
// holds.
func (p *Plan) Unrecorded() (map[string]error, error) {
	paths := map[string]error{}
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Err != nil || s.Action != Replace && s.block == "" || s.there.IsDir() {
			continue
		}
		has := false
		if !s.present.IsZero() {
			var err error
			if has, err = p.src.Has(s.present); err != nil {
				return nil, err
			}
		}
		if !has {
			path := s.Source
			if s.block != "" {
				path = s.blocker()
			}
			paths[path] = errors.New("its present content is in no version, and cannot be recorded here")
		}
	}
	return paths, nil
}
