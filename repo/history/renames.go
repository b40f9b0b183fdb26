package history

import (
	"bytes"
	"context"
	"iter"
	"slices"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// lineage gives the versions of f's source, and below the one that a rename made those under the
// name it had before. Where the source had an earlier life of its own, the other name's versions
// are given as far as they are younger than its end.
func (h *History) lineage(ctx context.Context, f found) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		h.trace(ctx, f, time.Time{}, yield, map[string]bool{f.Source: true})
	}
}

// trace yields the versions of lineage that were not committed before cut (zero: all); it is false
// when yield was. names are those traced, so that a ring of renames ends.
func (h *History) trace(ctx context.Context, f found, cut time.Time, yield func(Entry, error) bool, names map[string]bool) bool {
	for e, err := range h.entries(ctx, f) {
		if err != nil {
			return yield(Entry{}, err)
		}
		if e.Committed.Before(cut) {
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
		if e.Before != nil && e.Before.Committed.After(until) {
			until = e.Before.Committed
		}
		names[old.Source] = true
		if !h.trace(ctx, old, until, yield, names) {
			return false
		}
	}
	return true
}

// formerly finds the last version that e's source had under another name: the one the record names,
// or that of a source with the same content that vanished in the same run.
func (h *History) formerly(ctx context.Context, e *Entry, names map[string]bool) (found, bool, error) {
	name := e.RenamedFrom
	if name == "" && e.Before == nil && e.Event == record.Added && e.Size > 0 {
		// In the first run nothing can have been renamed, and in a very large one it is not
		// searched for.
		run, err := h.runBefore(ctx, &e.Version)
		if err == nil && !run.none() {
			name, err = h.sameBlob(ctx, e)
		}
		if err != nil {
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
		if v.Event != record.Deleted && v.Committed.Before(e.Committed) {
			return v, true, nil
		}
	}
	return found{}, false, nil
}

// sameBlob names the source whose deletion in e's run left the content that e brought; "" where
// there is none.
func (h *History) sameBlob(ctx context.Context, e *Entry) (string, error) {
	if hint := h.heads("/"); len(hint) > 0 {
		for source, head := range hint {
			if !head.Deleted || head.Blob != e.Blob {
				continue
			}
			f, ours, err := h.commit(head.Commit, Only(source))
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

// runOf gives the versions of e's run, but none beyond maxRun before and after e.
func (h *History) runOf(ctx context.Context, e *Entry) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		of := sameRun(e.Scan)
		for n, id := 0, e.Commit; n < maxRun && !id.IsZero(); n++ {
			f, ours, err := h.commit(id, of)
			if err == nil && !ours {
				break
			}
			if !yield(f, err) || err != nil {
				return
			}
			id = f.parent
		}
		younger, err := h.younger(ctx, e.Commit)
		if err != nil {
			yield(found{}, err)
			return
		}
		for n, id := range slices.Backward(younger) {
			f, ours, err := h.commit(id, of)
			if err == nil && (!ours || len(younger)-n > maxRun) {
				return
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// younger lists the commits from the newest along first parents to the one before id; none where id
// is not met.
func (h *History) younger(ctx context.Context, id object.ID) ([]object.ID, error) {
	var ids []object.ID
	for at := h.tip; at != id; {
		if at.IsZero() {
			return nil, ctx.Err()
		}
		if rest, ok := h.commitsBetween(at, id); ok {
			return append(ids, rest...), nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		ids = append(ids, at)
		f, _, err := h.commit(at, nothing{})
		if err != nil {
			return nil, err
		}
		at = f.parent
	}
	return ids, nil
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

// nothing selects no version: of a commit only its parent is wanted.
type nothing struct{}

func (nothing) mayHold([]byte) bool       { return false }
func (nothing) holds(*record.Record) bool { return false }
