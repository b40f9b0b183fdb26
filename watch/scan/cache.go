package watch

import (
	"slices"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// knowledge is what is known of all sources, and the commit it is true of.
type knowledge struct {
	tip     object.ID
	base    section           // most of it
	fresh   map[string]*known // what is not in base, is newer than there, or was asked for to be changed
	changed bool              // something in fresh is unsaved
	saved   object.ID         // the tip in the cache
	file    cacheFile
	mapped  []byte // the file, where base is a part of it
}

// close lets the cache file go; what base holds is gone then.
func (k *knowledge) close() {
	k.base = section{}
	durable.Unmap(k.mapped)
	k.mapped = nil
}

func newKnowledge() *knowledge { return &knowledge{fresh: map[string]*known{}} }

// find is what is known of a source, nil where that is nothing. It may be changed, which note must be told.
func (k *knowledge) find(source string) *known {
	if s := k.fresh[source]; s != nil {
		return s
	}
	if i, there := k.base.find(source); there {
		return k.own(i)
	}
	return nil
}

// obtain is find, and begins with nothing where nothing is known.
func (k *knowledge) obtain(source string) *known {
	s := k.find(source)
	if s == nil {
		s = &known{source: source}
		k.fresh[source] = s
	}
	return s
}

// own takes a source out of base to be changed.
func (k *knowledge) own(i int) *known {
	s := k.base.known(i)
	k.fresh[s.source] = s
	return s
}

// note says that s was changed.
func (k *knowledge) note(s *known) {
	s.unsaved, k.changed = true, true
}

// anyIn tells whether path itself or anything below it is known.
func (k *knowledge) anyIn(path string) bool {
	if i := k.base.search(path); i < k.base.n && inside(k.base.source(i), path) {
		return true
	}
	for source := range k.fresh {
		if inside(source, path) {
			return true
		}
	}
	return false
}

// compact moves what is fresh to base, which needs less room and is searched faster. The cache is written anew then.
func (k *knowledge) compact() {
	b, _ := appendSection(nil, 0, k.tip, k.everything())
	k.base, _, _, _ = parseSection(b, 0)
	k.fresh, k.changed, k.file.whole = map[string]*known{}, true, false
}

// recordedBlobs are the contents of the newest versions, as the cache file has them.
func (k *knowledge) recordedBlobs() map[object.ID]bool { return k.base.contents() }

// inOrder is what is fresh, in path order.
func (k *knowledge) inOrder() []*known {
	all := make([]*known, 0, len(k.fresh))
	for _, s := range k.fresh {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *known) int { return comparePaths(a.source, b.source) })
	return all
}

// reader goes through all that is known, in path order.
type reader struct {
	*known // where it is: to be looked at until the next, but for what glance leaves out; own gives what may be kept
	k      *knowledge
	left   []*known // fresh, not yet come to
	n      int      // of base, come to
	based  bool     // known is number n-1 of base
	glance known
}

func (k *knowledge) read() *reader { return &reader{k: k, left: k.inOrder()} }

// next goes on to the next source, and tells whether there is one.
func (r *reader) next() bool {
	based := r.n < r.k.base.n
	if based && len(r.left) > 0 {
		c := comparePaths(r.left[0].source, r.k.base.source(r.n))
		if c == 0 {
			r.n++
		}
		based = c > 0
	}
	switch {
	case based:
		r.k.base.glance(r.n, &r.glance)
		r.known, r.n = &r.glance, r.n+1
	case len(r.left) > 0:
		r.known, r.left = r.left[0], r.left[1:]
	default:
		r.known = nil
	}
	r.based = based
	return r.known != nil
}

// own is all that is known of the source, to be kept and changed.
func (r *reader) own() *known {
	if r.based {
		return r.k.own(r.n - 1)
	}
	return r.known
}

// full is all that is known of the source.
func (r *reader) full() *known {
	if r.based {
		return r.k.base.known(r.n - 1)
	}
	return r.known
}
