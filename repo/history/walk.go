package history

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// sourceLine begins the trailer by which commits are told apart before they are parsed.
const sourceLine = "\nSource: "

// located is a commit with a record, and the commit that it was made on.
type located struct {
	record.Version
	parent object.ID
}

// walk gives the versions of the sources that at selects, newest first, from the commit from back
// along first parents. Commits of others and records that are not understood are passed over.
func (h *History) walk(ctx context.Context, from object.ID, at selector) iter.Seq2[located, error] {
	return func(yield func(located, error) bool) {
		cut := h.newSkipper(at)
		for id := from; !id.IsZero(); {
			if err := ctx.Err(); err != nil {
				yield(located{}, err)
				return
			}
			id = cut.from(id)
			f, ours, err := h.commit(id, at)
			if err != nil {
				yield(located{}, err)
				return
			}
			if ours && !yield(f, nil) {
				return
			}
			id = f.parent
		}
	}
}

// commit reads one commit. ours is false where it is not a version of a source that at selects;
// parent is right then too.
func (h *History) commit(id object.ID, at selector) (f located, ours bool, err error) {
	if f, ours, err = h.tryCommit(id, at); err != nil {
		err = h.commits.Damaged(fmt.Sprintf("commit %s cannot be read", id.Short()), err)
	}
	return f, ours, err
}

// tryCommit is commit for an id that may lead nowhere.
func (h *History) tryCommit(id object.ID, at selector) (f located, ours bool, err error) {
	if f, ok := h.kept[id]; ok {
		delete(h.kept, id)
		return f, at.holds(&f.Record), nil
	}
	kind, raw, err := h.commits.Store.Read(id)
	if err == nil && kind != object.Commit {
		err = fmt.Errorf("object %s is a %s, not a commit", id, kind)
	}
	if err != nil {
		return f, false, err
	}
	if f.parent, err = h.parent(id, raw); err != nil || !at.mayHold(raw) {
		return f, false, err
	}
	c, err := object.ParseCommit(raw)
	if err != nil {
		return f, false, err
	}
	v, err := record.OfCommit(id, c)
	if err != nil {
		if !errors.Is(err, record.ErrNone) {
			h.commits.Opts.Log("commit's record is not understood and passed over", "commit", id.String(), "cause", err.Error())
		}
		return f, false, nil
	}
	f.Version = v
	return f, at.holds(&f.Record), nil
}

// maxKept is how many versions are kept that a walk will come to.
const maxKept = 20_000

// keepForWalk spares a walk, which will come to f, from reading it again.
func (h *History) keepForWalk(f located) {
	if h.kept == nil {
		h.kept = map[object.ID]located{}
	}
	if len(h.kept) < maxKept {
		h.kept[f.Commit] = f
	}
}

// parent finds a commit's first parent without parsing all of it; zero for the first commit and
// where a shallow clone ends.
func (h *History) parent(id object.ID, raw []byte) (object.ID, error) {
	const tree, parent, digits = "tree ", "\nparent ", 40
	rest, ok := bytes.CutPrefix(raw, []byte(tree))
	if !ok || len(rest) < digits {
		return object.ID{}, errors.New("no tree line")
	}
	rest, ok = bytes.CutPrefix(rest[digits:], []byte(parent))
	if !ok || h.shallow[id] {
		return object.ID{}, nil
	}
	return object.ParseID(string(rest[:min(digits, len(rest))]))
}

// selector says which commits are wanted.
type selector interface {
	mayHold(raw []byte) bool // false for a raw commit that certainly is not wanted
	holds(rec *record.Record) bool
}

// scope selects sources: the path itself, and what lies below it.
type scope struct {
	path   string
	below  bool   // also what lies below
	needle []byte // with which the path's own trailer begins
	prefix []byte // with which the trailers of all below it begin, where they need no quotes
}

func onlySource(source string) *scope {
	return &scope{path: source, needle: []byte(sourceLine + record.Quote(source) + "\n")}
}

// atOrBelow selects everything for "/".
func atOrBelow(path string) *scope {
	p := onlySource(path)
	p.below = true
	p.prefix = []byte(sourceLine + strings.TrimSuffix(path, "/") + "/")
	return p
}

func (p *scope) holds(rec *record.Record) bool { return p.covers(rec.Source) }

// covers tells whether a path is p's or lies below it.
func (p *scope) covers(source string) bool {
	if source == p.path {
		return true
	}
	return p.below && len(source) > len(p.path) && strings.HasPrefix(source, p.path) && (p.path == "/" || source[len(p.path)] == '/')
}

func (p *scope) mayHold(raw []byte) bool {
	if bytes.Contains(raw, p.needle) {
		return true
	}
	return p.below && (bytes.Contains(raw, p.prefix) || bytes.Contains(raw, []byte(sourceLine+`"`)))
}

// newestIn is the newest version of source in the commits from from on back; false where there is
// none.
func (h *History) newestIn(ctx context.Context, source string, from object.ID) (located, bool, error) {
	for f, err := range h.walk(ctx, from, onlySource(source)) {
		return f, err == nil, err
	}
	return located{}, false, nil
}

// newest is the newest version of source: where the hint knows its commit from there, else by
// walking.
func (h *History) newest(ctx context.Context, source string) (located, bool, error) {
	if head, ok := h.cachedHead(source); ok {
		if f, ours, err := h.tryCommit(head.Commit, onlySource(source)); err == nil && ours {
			return f, true, nil
		}
	}
	return h.newestIn(ctx, source, h.tip)
}

// cachedHead is the hint about one source.
func (h *History) cachedHead(source string) (Head, bool) {
	h.readHeads(source)
	head, ok := h.hint.sources[source]
	return head, ok
}

// cachedHeads is the hint about what lies at and below path; empty where there is none about this tip.
func (h *History) cachedHeads(path string) map[string]Head {
	h.readHeads(path)
	if path == h.hint.scope.path {
		return h.hint.sources
	}
	part := map[string]Head{}
	at := atOrBelow(path)
	for source, head := range h.hint.sources {
		if at.covers(source) {
			part[source] = head
		}
	}
	return part
}

// readHeads reads the hint, unless what was read last is about path too.
func (h *History) readHeads(path string) {
	if h.hint != nil && h.hint.scope.covers(path) {
		return
	}
	h.hint = &headCache{scope: atOrBelow(path)}
	if h.hints == nil || h.commits.StateDir == nil {
		return
	}
	if read := h.hints(h.commits.StateDir, path); read.Tip == h.tip {
		h.hint.sources = read.Sources
	}
}

// headCache is what was read of Heads.
type headCache struct {
	scope   *scope
	sources map[string]Head
}

// versions gives the versions of f's source from f on, newest first. It follows the records'
// Previous and walks the commits where that leads nowhere: a rewritten history, a shallow clone.
func (h *History) versions(ctx context.Context, f located) iter.Seq2[located, error] {
	return func(yield func(located, error) bool) {
		for ok := true; ok; {
			if !yield(f, nil) {
				return
			}
			var err error
			if f, ok, err = h.before(ctx, f); err != nil {
				yield(located{}, err)
				return
			}
		}
	}
}

// before is the version before f; false where f is the first.
func (h *History) before(ctx context.Context, f located) (located, bool, error) {
	if err := ctx.Err(); err != nil {
		return located{}, false, err
	}
	if f.Previous.IsZero() {
		return located{}, false, nil
	}
	if p, ours, err := h.tryCommit(f.Previous, onlySource(f.Source)); err == nil && ours {
		return p, true, nil
	}
	return h.newestIn(ctx, f.Source, f.parent)
}

// entries gives the versions of f's source from f on with their places in time, newest first.
func (h *History) entries(ctx context.Context, f located) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		var later *located
		for v, err := range h.versions(ctx, f) {
			var e Entry
			if err == nil && later != nil {
				e, err = h.newEntry(ctx, &later.Version, &v.Version)
			}
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if later != nil && !yield(e, nil) {
				return
			}
			later = &v
		}
		yield(h.newEntry(ctx, &later.Version, nil))
	}
}
