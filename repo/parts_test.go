package repo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/repotest"
)

// noRoom lets a write of the index fail once.
type noRoom struct{ on, met atomic.Bool }

func (n *noRoom) Before(op *durable.Op) error {
	if op.Kind == durable.Write && filepath.Base(op.Path) == "index.lock" && n.on.CompareAndSwap(true, false) {
		n.met.Store(true)
		return unix.ENOSPC
	}
	return nil
}

func (n *noRoom) After(*durable.Op) {}

// noPack lets no pack get its name.
type noPack struct{ on atomic.Bool }

func (n *noPack) Before(op *durable.Op) error {
	if n.on.Load() && (strings.HasSuffix(op.To, ".pack") || strings.HasSuffix(op.Path, ".pack")) {
		return unix.ENOSPC
	}
	return nil
}

func (n *noPack) After(*durable.Op) {}

// part commits three versions.
func (h *past) part(tx *Tx, part int) {
	h.Helper()
	for i := range 3 {
		h.add(tx, fmt.Sprintf("/new/%d/%d", part, i), fmt.Appendf(nil, "%d %d\n", part, i))
	}
}

// add captures and commits a new source.
func (h *past) add(tx *Tx, source string, body []byte) {
	h.Helper()
	blob, err := tx.Blob(body, object.ID{})
	h.check(err)
	h.commitBlob(tx, source, body, blob)
}

// commitBlob commits a new source that was captured.
func (h *past) commitBlob(tx *Tx, source string, body []byte, blob object.ID) {
	h.Helper()
	h.now = h.now.Add(time.Second)
	_, err := tx.Commit(record.Record{Event: record.Added, Source: source, Mtime: h.now, Mode: 0o644, Size: int64(len(body)), Blob: blob}, h.now, true)
	h.check(err)
}

// TestPartFails: where a later part of a run cannot be published, the index is up to date with
// those before.
func TestPartFails(t *testing.T) {
	h := newPast(t)
	h.run("/a", "/b")
	var full noPack
	defer durable.SetSeam(&full)()
	tx := h.begin()
	var err error
	for part := range 3 {
		h.part(tx, part)
		full.on.Store(part == 2)
		if err = tx.PublishPart(); part < 2 {
			h.check(err)
		}
	}
	if err == nil {
		t.Fatal("the last part is published")
	}
	h.check(tx.Abort())
	if status := repotest.Git(t, h.dest, "status", "--porcelain"); status != "" {
		t.Errorf("git status:\n%s", status)
	}
}

// TestIndexFailsBetweenParts: where the index cannot be written between the parts of a run, and can
// be at its end, it lacks nothing after the next run.
func TestIndexFailsBetweenParts(t *testing.T) {
	h := newPast(t)
	h.r.work.Index.MaxBehind = 5
	h.run("/a", "/b")
	var full noRoom
	defer durable.SetSeam(&full)()
	tx := h.begin()
	var err error
	for part := range 4 {
		h.part(tx, part)
		full.on.Store(part == 1)
		if part < 3 {
			err = tx.PublishPart()
		} else {
			err = tx.Publish()
		}
		h.check(err)
	}
	if !full.met.Load() {
		t.Fatal("no write of the index failed")
	}
	_, err = h.r.Start(context.Background())
	h.check(err)
	if status := repotest.Git(t, h.dest, "status", "--porcelain"); status != "" {
		t.Errorf("git status:\n%s", status)
	}
	repotest.MustCheck(t, h.dest)
}

// TestPartsShareContents: a content that an earlier part of a run, or an earlier run, has stored is
// not stored again, and a new one is.
func TestPartsShareContents(t *testing.T) {
	h := newPast(t)
	h.run("/a", "/b")
	tx := h.begin()
	for part := range 4 {
		h.part(tx, part)
		noise := make([]byte, 400_000) // else the next part adds to the same pack
		rand.NewChaCha8([32]byte{byte(part)}).Read(noise)
		h.add(tx, fmt.Sprintf("/noise/%d", part), noise)
		for back := range part { // contents of the parts before, in other sources
			h.add(tx, fmt.Sprintf("/again/%d/%d", part, back), fmt.Appendf(nil, "%d 1\n", back))
		}
		h.check(tx.PublishPart())
	}
	h.check(tx.Publish())
	idxs, err := filepath.Glob(filepath.Join(h.dest, ".git/objects/pack/*.idx"))
	h.check(err)
	if len(idxs) < 4 {
		t.Fatalf("%d packs", len(idxs))
	}
	times := map[string]int{}
	for _, idx := range idxs {
		for line := range strings.Lines(repotest.Git(t, h.dest, "verify-pack", "-v", idx)) {
			if f := strings.Fields(line); len(f) > 1 && f[1] == "blob" {
				times[f[0]]++
			}
		}
	}
	for part := range 4 {
		for i := range 3 {
			if id := object.Hash(object.Blob, fmt.Appendf(nil, "%d %d\n", part, i)).String(); times[id] != 1 {
				t.Errorf("content %d of part %d is stored %d times", i, part, times[id])
			}
		}
	}
	repotest.MustCheck(t, h.dest)
}

// TestPartsKeepWhatIsAhead: a person's git removes all that no commit names, between two parts of a
// run. What the run has captured for the second stays, and a run that is cut short there leaves
// nothing that the next one does not put right.
func TestPartsKeepWhatIsAhead(t *testing.T) {
	for _, cut := range []bool{false, true} {
		h := newPast(t)
		h.run("/a", "/b")
		tx := h.begin()
		var bodies [][]byte
		var ahead []object.ID
		for i := range 10 {
			body := fmt.Appendf(nil, "captured ahead %d\n", i)
			blob, err := tx.Blob(body, object.ID{})
			h.check(err)
			bodies, ahead = append(bodies, body), append(ahead, blob)
		}
		for i, blob := range ahead {
			if i%3 == 0 {
				h.part(tx, i)
				h.check(tx.PublishPart())
				repotest.Git(t, h.dest, "repack", "-adq")
				repotest.Git(t, h.dest, "gc", "-q", "--prune=now")
			}
			if cut && i == 5 {
				break // the process is killed
			}
			h.commitBlob(tx, fmt.Sprintf("/ahead/%d", i), bodies[i], blob)
		}
		if !cut {
			h.check(tx.Publish())
		}
		_, err := h.r.Start(context.Background())
		h.check(err)
		repotest.MustCheck(t, h.dest)
		if kept, err := filepath.Glob(filepath.Join(h.dest, ".git/objects/pack/*.keep")); err != nil || len(kept) > 0 {
			t.Errorf("cut short %v: left %q (%v)", cut, kept, err)
		}
	}
}
