package repo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"timemachine/repo/git/object"
	"timemachine/repo/git/pack"
	"timemachine/repo/git/packwrite"
	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/dest"
	"timemachine/repo/internal/gitindex"
	"timemachine/repo/internal/ownpacks"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// A batch ends at these sizes, so that memory stays bounded and a first run that is cut short keeps
// what it had.
const (
	batchObjects = 200_000 // unless Options.Batch says otherwise
	batchBytes   = 2 << 30 // unless Options.BatchBytes does
)

// Tx is one run's writing: blobs and commits go to a pack, and Publish moves the branch. Blob and
// BlobFrom may be called by several goroutines at once, beside Commit; the rest by one.
type Tx struct {
	r     *Writer
	ctx   context.Context
	scan  string
	base  object.ID // where the branch is
	tip   object.ID // the newest commit written
	last  time.Time // its committer date
	wrote bool      // a commit of this run is among those before last

	editor   *object.Editor
	message  []byte               // room for one commit's
	names    *commits.FoldedNames // of the tree, where the file system folds names; else nil
	upcoming []record.Upcoming

	index *gitindex.Lock // what PublishPart has left behind; else nil

	large sync.Mutex // one large content in memory at a time

	placed ownpacks.Placed // by this run
	parts  []string        // packs placed that have a .keep until the last part is published

	mu       sync.Mutex
	batch    *ownpacks.Batch
	contents ownpacks.Contents
	versions []*record.Version // committed since the last Publish
}

// Begin starts writing on top of tip, as Start returned it. Nothing is written before there is
// something to write. What is upcoming tells which pack is best added to; it need not be all.
func (r *Writer) Begin(ctx context.Context, tip object.ID, scan string, upcoming []record.Upcoming) (*Tx, error) {
	if r.unchecked {
		if err := r.checkTip(tip); err != nil {
			return nil, err
		}
	}
	r.work.Made.Drop()
	t := &Tx{r: r, ctx: ctx, scan: scan, base: tip, tip: tip, upcoming: upcoming}
	var root object.ID
	if !tip.IsZero() {
		c, err := r.work.Store.ReadCommit(tip)
		if err != nil {
			return nil, r.work.Damaged(fmt.Sprintf("commit %s cannot be read", tip.Short()), err)
		}
		root, t.last = c.Tree, c.Committer.When
	}
	var err error
	if r.work.FoldsCase() {
		if t.names, err = r.work.NamesIn(tip); err != nil {
			return nil, err
		}
	}
	t.editor, err = object.NewEditor(root, r.work.Store)
	return t, err
}

// Versions is what was committed since the last Publish, in order.
func (t *Tx) Versions() []*record.Version { return t.versions }

// Tip is the newest commit written.
func (t *Tx) Tip() object.ID { return t.tip }

// Full tells whether the batch has grown so large that it must be published before more is written.
func (t *Tx) Full() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.batch != nil && (t.batch.Writer.Count() >= t.r.opts.Batch || t.batch.Writer.Size() >= t.r.opts.BatchBytes)
}

// writer is the batch's pack, begun when it is first needed.
func (t *Tx) writer() (*packwrite.Writer, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.batch != nil {
		return t.batch.Writer, nil
	}
	var tail *pack.Held
	var err error
	if len(t.parts) == 0 { // else the newest pack stays as it is, and those before it are older
		tail, err = t.r.work.PackToExtend(t.base, t.upcoming)
	}
	if err != nil {
		return nil, err
	}
	if tail != nil {
		defer tail.Close()
	}
	if t.batch, err = t.r.work.NewBatch(tail); err != nil {
		return nil, err
	}
	t.upcoming = nil
	return t.batch.Writer, nil
}

// Blob stores content, unless the repository has it, and returns its name. before is the content of
// the source's version before this one, zero for none. The Tx keeps body: it must not change.
func (t *Tx) Blob(body []byte, before object.ID) (object.ID, error) {
	id, err := object.HashBlob(body)
	if err != nil {
		return id, err
	}
	t.contents.Keep(id, body, maxHeldOne, maxHeld)
	if has, err := t.r.work.KeepsContent(id, before, &t.placed); has || err != nil {
		return id, err
	}
	w, err := t.writer()
	if err != nil {
		return id, err
	}
	t.placed.AddContent(id)
	return id, w.AddVersion(id, before, body, t.r.readDeltaBase)
}

var errLargeBase = errors.New("too large to build on")

// readDeltaBase is an object's bytes, where it is no larger than what deltas are made of.
func (r *Writer) readDeltaBase(id object.ID) ([]byte, error) {
	size, _, err := r.work.Store.Size(id)
	if err != nil {
		return nil, err
	}
	if size > ownpacks.MaxDelta {
		return nil, errLargeBase
	}
	return r.work.ReadBody(id)
}

// BlobFrom stores content of exactly size bytes in one pass, in bounded memory, and returns its
// name. before is as for Blob. When src fails or ends early nothing is stored and the error is
// src's or packwrite.ErrShort.
func (t *Tx) BlobFrom(size int64, src io.Reader, before object.ID) (object.ID, error) {
	w, err := t.writer()
	if err != nil {
		return object.ID{}, err
	}
	if size > ownpacks.MaxDelta || !w.Has(before) {
		id, err := w.AddStream(t.ctx, size, src)
		t.placed.AddContent(id)
		return id, err
	}
	t.large.Lock()
	defer t.large.Unlock()
	body := make([]byte, size)
	if _, err := io.ReadFull(src, body); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = packwrite.ErrShort
		}
		return object.ID{}, err
	}
	id, err := t.Blob(body, before)
	// reading it back would take as long as all else
	t.contents.Keep(id, body, ownpacks.MaxDelta, ownpacks.MaxDelta)
	return id, err
}

// Commit writes rec as the next commit. captured is the moment just before the source's first byte
// was read, or a deletion was noticed. Scan, Captured and, but for deletions, Copy are filled in.
// newest tells that no version of the source has an mtime as late as this one's: then the name of
// the copy needs no search among theirs. What Commit returns must not be changed.
func (t *Tx) Commit(rec record.Record, captured time.Time, newest bool) (*record.Version, error) {
	rec.Scan, rec.Captured = t.scan, captured.Round(0).UTC()
	path, spelling, err := t.treePath(&rec)
	if err != nil {
		return nil, err
	}
	former, err := layout.Former.TreePath(rec.Source)
	if err != nil {
		return nil, err
	}
	if path != former {
		rec.File = path
	}
	if spelling != layout.Usual {
		former = "" // only who is at the usual place can have been at the former
	}
	if rec.HasContent() {
		if rec.Copy, err = t.copyName(&rec, spelling, newest); err != nil {
			return nil, err
		}
	}
	w, err := t.writer()
	if err != nil {
		return nil, err
	}
	err = t.edit(path, former, &rec, w)
	if err == nil {
		err = t.storeXattrs(&rec)
	}
	if err != nil {
		return nil, err
	}
	tree, err := t.editor.Write(t.batch.Trees.Put)
	if err != nil {
		return nil, err
	}
	return t.commit(w, tree, rec)
}

// Displaces tells whether a version with content would take the place of other sources in the tree:
// of one above it, or of those below.
func (t *Tx) Displaces(rec *record.Record) (bool, error) {
	path, _, err := t.treePath(rec)
	if err != nil {
		return false, err
	}
	return t.editor.Displaces(path)
}

// treePath is where in the tree a version goes: where its source is, else the first of its source's
// places that is free. Only what takes the source out of the tree goes where it was formerly.
func (t *Tx) treePath(rec *record.Record) (string, layout.Spelling, error) {
	usual, err := layout.TreePath(rec.Source)
	if err != nil || rec.Previous.IsZero() && t.names == nil {
		return usual, layout.Usual, err
	}
	if !rec.Previous.IsZero() {
		for _, s := range layout.Spellings() {
			path, err := s.TreePath(rec.Source)
			if err != nil {
				break // escaped it would be too long
			}
			if e, there, err := t.editor.Get(path); err != nil || there && !e.Mode.IsTree() {
				return path, s, err
			}
		}
	}
	if !rec.HasContent() {
		path, err := layout.Former.TreePath(rec.Source)
		if err != nil {
			return usual, layout.Usual, err
		}
		if e, there, err := t.editor.Get(path); err != nil || there && !e.Mode.IsTree() {
			return path, layout.Former, err
		}
	}
	if t.names != nil {
		for _, s := range layout.Spellings() {
			path, err := s.TreePath(rec.Source)
			if err != nil {
				break
			}
			if t.names.Holder(path) == "" {
				return path, s, nil
			}
		}
	}
	return usual, layout.Usual, nil
}

// edit changes the tree at path, and takes the source away from its former place; "" for none.
func (t *Tx) edit(path, former string, rec *record.Record, w *packwrite.Writer) error {
	if _, there, err := t.editor.Get(".gitattributes"); err != nil {
		return err
	} else if !there {
		id, err := object.HashBlob([]byte(dest.AttributesText))
		if err == nil {
			err = w.Add(object.Blob, id, []byte(dest.AttributesText))
		}
		if err == nil {
			err = t.editor.Set(".gitattributes", object.ModeFile, id)
		}
		if err != nil {
			return err
		}
	}
	if !rec.HasContent() {
		if e, there, err := t.editor.Get(path); err != nil || there && e.Mode.IsTree() {
			return err // sources below it have the place already
		}
		if t.names != nil {
			t.names.Remove(path)
		}
		return t.editor.Remove(path)
	}
	if t.names != nil && t.names.Holder(path) == "" {
		t.names.Add(path)
	}
	if former != "" && former != path && !rec.Previous.IsZero() {
		if err := t.removeFormer(former); err != nil {
			return err
		}
	}
	return t.editor.Set(path, record.TreeMode(rec), rec.Blob)
}

// storeXattrs stores the long values of attributes, and puts them into the tree, so that git keeps
// them.
func (t *Tx) storeXattrs(rec *record.Record) error {
	own := slices.Clone(rec.Xattrs)
	for i := range own {
		x := &own[i]
		if len(x.Value) <= record.MaxXattr {
			continue
		}
		var err error
		if x.Blob, err = t.Blob([]byte(x.Value), object.ID{}); err != nil {
			return err
		}
		x.Value = ""
		path := record.XattrPath(x)
		_, there, err := t.editor.Get(path)
		if err == nil && !there {
			err = t.editor.Set(path, object.ModeFile, x.Blob)
		}
		if err != nil {
			return err
		}
	}
	rec.Xattrs = own
	return nil
}

// removeFormer removes a file from a former place in the tree.
func (t *Tx) removeFormer(path string) error {
	e, there, err := t.editor.Get(path)
	if err != nil || !there || e.Mode.IsTree() {
		return err
	}
	if t.names != nil {
		t.names.Remove(path)
	}
	return t.editor.Remove(path)
}

func (t *Tx) copyName(rec *record.Record, spelling layout.Spelling, newest bool) (string, error) {
	n := 0
	if !newest && !rec.Previous.IsZero() {
		var err error
		if n, err = t.r.work.CopyNumber(t.ctx, rec.Source, layout.Stamp(rec.Mtime), rec.Previous, t.base); err != nil {
			return "", err
		}
	}
	path, err := spelling.CopyPath(rec.Source, rec.Mtime, n)
	for t.names != nil && err == nil && t.r.work.HasCopy(path) {
		// of a source that had this place before: mv a A
		n++
		path, err = spelling.CopyPath(rec.Source, rec.Mtime, n)
	}
	return path, err
}

func (t *Tx) commit(w *packwrite.Writer, tree object.ID, rec record.Record) (*record.Version, error) {
	when := rec.Mtime
	switch {
	case rec.HasContent():
	case rec.Changed.IsZero():
		when = rec.Captured
	default:
		when = rec.Changed
	}
	date, ok := committerDate(rec.Captured.Truncate(time.Second), t.last)
	if !ok && t.wrote {
		// in one run, versions are not committed in the order in which they were captured
		date, ok = t.last, true
	}
	t.wrote = true
	if !ok {
		t.r.work.Opts.Warn(t.r.work.Path, fmt.Sprintf("the clock is %s behind the newest commit", lag(t.last.Sub(rec.Captured))), t.r.work.Remedy(refusal.SetClock, ""))
	}
	who := t.r.committer()
	c := &object.CommitData{Tree: tree, Author: t.r.author(&rec, when),
		Committer: object.Signature{Name: who.Name, Email: who.Email, When: clampDate(date).In(t.r.opts.Zone)}}
	if !t.tip.IsZero() {
		c.Parents = []object.ID{t.tip}
	}
	t.message = rec.AppendMessage(t.message[:0], t.changedFrom(&rec))
	raw := object.EncodeCommit(c, t.message)
	id := object.Hash(object.Commit, raw)
	w.AddLater(object.Commit, id, raw)
	t.r.work.Made.Keep(id, raw, maxMade, maxMade)
	t.tip, t.last = id, date
	v := &record.Version{Record: rec, Commit: id, Committed: c.Committer.When}
	each := trimEachChanged
	if rec.Previous.IsZero() {
		each = trimEachNew
	}
	if t.versions = append(t.versions, v); len(t.versions)%each == 0 {
		t.r.work.Store.Trim()
	}
	return v, nil
}

// changedFrom is the version that the subject of another one tells of: of a Metadata version the
// one before, of a Restored one that which was brought back; nil for others, and where it cannot be
// read.
func (t *Tx) changedFrom(rec *record.Record) *record.Record {
	id := rec.Previous
	switch rec.Event {
	case record.Metadata:
	case record.Restored:
		id = rec.RestoredFrom
	default:
		return nil
	}
	for _, v := range t.versions {
		if v.Commit == id {
			return t.inZone(v.Record)
		}
	}
	c, err := t.r.work.Store.ReadCommit(id)
	if err != nil {
		return nil
	}
	other, err := record.Parse(c.Message)
	if err != nil || rec.Event == record.Metadata && other.Source != rec.Source {
		return nil
	}
	return t.inZone(other)
}

// inZone is a record with its times in the zone of the commits' dates.
func (t *Tx) inZone(rec record.Record) *record.Record {
	rec.Mtime, rec.Captured = rec.Mtime.In(t.r.opts.Zone), rec.Captured.In(t.r.opts.Zone)
	return &rec
}

// Abort gives up what was not published, and brings the index up to date with what was.
func (t *Tx) Abort() (err error) {
	t.r.work.Made.Drop()
	if t.batch != nil {
		err = t.batch.Drop()
		t.batch = nil
	}
	err = errors.Join(err, t.freeParts())
	if held := t.index; held != nil {
		t.index = nil
		defer held.Release()
		err = errors.Join(err, t.r.work.CatchUp(context.WithoutCancel(t.ctx), t.base, held))
	}
	return err
}

const (
	maxHeld    = 16 << 20
	maxHeldOne = 1 << 20
	maxMade    = 2 << 20 // bytes of commits that are not read back for the commit-graph

	// Versions after which the memory of the packs that were read is given back. What changed ones
	// are deltas of is read once. In the idx files, new ones look for their contents again and
	// again.
	trimEachChanged = 256
	trimEachNew     = 1024
)
