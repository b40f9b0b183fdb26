package repo

import (
	"bytes"
	"context"
	"iter"
	"time"

	"timemachine/repo/record"
)

// lineage gives the versions of f's source, and below the one that a rename made those under the name it had before. Where
// the source had an earlier life of its own, the other name's versions are given as far as they are younger than its end.
func (h *History) lineage(ctx context.Context, f found) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		h.trace(ctx, f, time.Time{}, yield, map[string]bool{f.Source: true})
	}
}

// trace yields the versions of lineage that were not captured before cut (zero: all); it is false when yield was. names
// are those traced, so that a ring of renames ends.
func (h *History) trace(ctx context.Context, f found, cut time.Time, yield func(Entry, error) bool, names map[string]bool) bool {
	for e, err := range h.entries(ctx, f) {
		if err != nil {
			return yield(Entry{}, err)
		}
		if e.Captured.Before(cut) {
			return true
		}
		begins := e.Before == nil || e.Before.Event == record.Deleted
		var old found
		renamed := false
		if begins && e.Event != record.Deleted {
			if old, renamed, err = h.formerly(ctx, &e, names); err != nil {
				return yield(Entry{}, err)
			}
		}
		if renamed {
			e.RenamedFrom = old.Source
		}
		if !yield(e, nil) {
			return false
		}
		if !renamed {
			continue
		}
		until := cut
		if e.Before != nil && e.Before.Captured.After(until) {
			until = e.Before.Captured
		}
		names[old.Source] = true
		if !h.trace(ctx, old, until, yield, names) {
			return false
		}
	}
	return true
}

// formerly finds the last version that e's source had under another name: the one the record names, or that of a source
// with the same content that vanished in the same run.
func (h *History) formerly(ctx context.Context, e *Entry, names map[string]bool) (found, bool, error) {
	name := e.RenamedFrom
	if name == "" && e.Before == nil && e.Event == record.Added && e.Size > 0 {
		var err error
		if name, err = h.sameBlob(ctx, e); err != nil {
			return found{}, false, err
		}
	}
	if name == "" || names[name] {
		return found{}, false, nil
	}
	f, ok, err := h.newest(ctx, name)
	if err != nil || !ok {
		return found{}, false, err
	}
	for v, err := range h.versions(ctx, f) {
		if err != nil {
			return found{}, false, err
		}
		if v.Event == record.Deleted && v.Scan == e.Scan {
			return h.before(ctx, v)
		}
		if v.Event != record.Deleted && v.Captured.Before(e.Captured) {
			return v, true, nil
		}
	}
	return found{}, false, nil
}

// sameBlob names the source whose deletion in e's run left the content that e brought; "" where there is none.
func (h *History) sameBlob(ctx context.Context, e *Entry) (string, error) {
	if hint := h.heads("/"); len(hint) > 0 {
		for source, head := range hint {
			if !head.Deleted || head.Blob != e.Blob {
				continue
			}
			f, ours, err := h.commit(head.Commit, only(source))
			if err != nil {
				return "", err
			}
			if ours && f.Scan == e.Scan {
				return source, nil
			}
		}
		return "", nil
	}
	for f, err := range h.runOf(ctx, e) {
		if err != nil {
			return "", err
		}
		if f.Event != record.Deleted {
			continue
		}
		before, ok, err := h.before(ctx, f)
		if err != nil {
			return "", err
		}
		if ok && before.Blob == e.Blob {
			return f.Source, nil
		}
	}
	return "", nil
}

// maxFirst is how many commits before a version are looked at to find that it belongs to the first run of all.
const maxFirst = 4096

// runOf gives the versions of e's run, newest first; none where that is the first run, in which nothing can have been
// renamed.
func (h *History) runOf(ctx context.Context, e *Entry) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		of := sameRun(e.Scan)
		inside := false
		for n, id := 0, e.Commit; n < maxFirst; n++ {
			f, ours, err := h.commit(id, of)
			if err != nil {
				yield(found{}, err)
				return
			}
			if !ours {
				break
			}
			if id = f.parent; id.IsZero() {
				return
			}
		}
		for id := h.tip; !id.IsZero(); {
			f, ours, err := h.commit(id, of)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(found{}, err)
				return
			}
			if inside && !ours || ours && !yield(f, nil) {
				return
			}
			inside, id = ours, f.parent
		}
	}
}

// run selects the versions that one run made.
type run struct {
	scan   string
	needle []byte
}

func sameRun(scan string) *run {
	return &run{scan, []byte("\nScan: " + record.Quote(scan) + "\n")}
}

func (r *run) mayHold(raw []byte) bool       { return r.scan != "" && bytes.Contains(raw, r.needle) }
func (r *run) holds(rec *record.Record) bool { return rec.Scan == r.scan }
