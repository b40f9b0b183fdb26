package watch

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/layout"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch/cache"
	"timemachine/watch/capture"
	"timemachine/watch/pattern"
	"timemachine/watch/scan"
)

// writeChanges records the changes on top of tip.
func (r *run) writeChanges(tip object.ID, changes []scan.Change) (err error) {
	if r.tx, err = r.writer.Begin(r.ctx, tip, r.summary.Scan, upcomingVersions(changes)); err != nil {
		return err
	}
	recorded := false
	defer func() { // also after a fault in the cache file
		if !recorded {
			err = errors.Join(err, r.tx.Abort())
		}
	}()
	if err := r.recordChanges(changes); err != nil {
		return err
	}
	recorded = true
	if r.summary.Versions > 0 {
		if err := r.writer.RollUp(r.ctx, r.tx.Tip(), r.summary.Versions); err != nil && r.ctx.Err() == nil {
			r.reportProblem(scan.Problem{Path: r.Repo.Path(), Msg: "could not be tidied: " + err.Error(), Remedy: refusal.Remedy{Kind: scan.PacksAreMergedLater}, Warning: true})
		}
	}
	r.cache.Tip, r.summary.Tip = r.tx.Tip(), r.tx.Tip()
	return nil
}

// upcomingVersions announces versions of sources that have a version already, up to the number that
// the repository takes.
func upcomingVersions(changes []scan.Change) []record.Upcoming {
	var some []record.Upcoming
	for i := range changes {
		if len(some) == record.MaxUpcoming {
			break
		}
		c := &changes[i]
		if before := c.Before.Content(); !before.IsZero() && c.Before.Stat != c.File.Stat {
			some = append(some, record.Upcoming{Source: c.File.Path, Blob: before})
		}
	}
	return some
}

// recordChanges captures and commits the changes in their order, part by part. It publishes what it
// has when that is due, and before large sources, which take long.
func (r *run) recordChanges(changes []scan.Change) error {
	c := &capture.Capturer{Ctx: r.ctx, To: r.tx, Clock: r.Clock, MaxSize: r.Config.MaxSize, Reader: r.reader, Patience: r.patience,
		KeepsXattr: r.Config.KeepsXattr}
	if len(r.Config.IgnoreLines) > 0 && !r.isPartial() { // a restore records what it replaces
		c.Ignores = r.ignores
	}
	r.waiting = nil
	r.began = r.Clock()
	r.published = r.began
	atOnce := max(leastAtOnce, len(changes)/mostBatches)
	captures := r.startCaptures(c, changes)
	defer captures.stop()
	for done := 0; done < len(changes); {
		part := changes[done:min(done+perPart, len(changes))]
		large := firstLarge(part)
		if large > 0 {
			part = part[:large]
		}
		n, err := r.recordPart(captures, part, done, len(changes))
		if err != nil {
			return err
		}
		done += n
		waits := done >= r.ordinary && r.isFloodOver()
		if waits || r.isDue() || captures.isDue() || len(r.tx.Versions()) >= atOnce || done == len(changes) || n == large {
			publish := r.tx.Publish
			if !waits && done < len(changes) && changeSize(&changes[done]) <= largeSource {
				publish = r.tx.PublishPart
			}
			lost := len(r.tx.Versions()) == 0
			if err := r.publish(captures, publish); err != nil {
				return err
			}
			if !waits {
				captures.resume(done, lost)
			}
			if !waits && done < len(changes) {
				r.saveAdded()
			}
		}
		if waits {
			r.waiting = append(r.waiting, changes[done:]...)
			break
		}
	}
	r.reportWaiting()
	return nil
}

// publish publishes what is committed, while nothing is captured. Without a commit the batch is
// given up, and with it what was captured for later ones.
func (r *run) publish(s *captures, publish func() error) error {
	s.pause()
	versions := r.tx.Versions()
	if err := publish(); err != nil {
		return err
	}
	r.published = r.Clock()
	r.reportVersions(versions)
	return nil
}

const (
	// how many changes are recorded before one of them that changed since the scan
	perPart = 4096
	// A batch has so many versions at least, which bounds its memory, and a run makes not many more
	// batches: each is a pack, and many packs have to be merged.
	leastAtOnce = 3 * perPart
	mostBatches = 9
)

// recordPart commits a part of the changes in order, as they are captured. A source that changed
// since the scan comes last, in the order of its new mtime. done of total changes are recorded
// already. It returns the number of changes that it recorded: fewer than the part has where the
// batch is due.
func (r *run) recordPart(s *captures, part []scan.Change, done, total int) (n int, err error) {
	type change struct {
		*scan.Change
		got *captured
	}
	var late []change
	for n < len(part) && !(n > 0 && r.isTime() && changeSize(&part[n]) <= capture.SmallFile) {
		got, ok := s.wait(done + n)
		if !ok {
			break
		}
		ch := &part[n]
		n++
		if got.err == nil && !ch.Deleted && !got.Folder && !got.Stat.Mtime().Equal(ch.File.Stat.Mtime()) {
			late = append(late, change{ch, got})
			continue
		}
		if err := r.recordChange(ch, got); err != nil {
			return n, err
		}
		r.Report.Progress(int64(done+n), int64(total))
	}
	if err := r.ctx.Err(); err != nil {
		return n, err
	}
	slices.SortStableFunc(late, func(a, b change) int { return a.got.Stat.Mtime().Compare(b.got.Stat.Mtime()) })
	for _, l := range late {
		if err := r.recordChange(l.Change, l.got); err != nil {
			return n, err
		}
	}
	return n, nil
}

// recordChange records one change, or reports why that is not possible.
func (r *run) recordChange(ch *scan.Change, got *captured) error {
	if ch.Deleted {
		return r.recordEnd(ch)
	}
	if r.overlapsReturned(ch.File.Path) {
		return nil
	}
	if got.err != nil {
		return r.reportFailure(ch, got.err)
	}
	delete(r.slow, ch.File.Path)
	if mode, is := r.Opened[ch.File.Path]; is && got.Stat.Mode&0o7777 == mode|0o400 {
		got.Stat.Mode = got.Stat.Mode&^0o7777 | mode
	}
	if got.Ignored {
		r.noteSeen(ch.Before, got)
		return nil
	}
	linkedWith, relinked := r.linkedWith(ch, got)
	event := classify(ch.Before, &got.Content, relinked, r.Config.IgnoreTouched)
	if event == "" {
		r.noteSeen(ch.Before, got)
		r.noteContent(ch.File.Path, got.Blob)
		return nil
	}
	rec := record.Record{Event: event, Source: ch.File.Path, Mode: got.Stat.Mode & 0o7777, Link: got.Link, Folder: got.Folder,
		UID: got.Stat.UID, GID: got.Stat.GID, User: r.owners.User(got.Stat.UID), Group: r.owners.Group(got.Stat.GID),
		Size: got.Size, Blob: got.Blob, Torn: got.Torn, Xattrs: got.Xattrs, LinkedWith: linkedWith}
	if !got.Folder {
		rec.Mtime = got.Stat.Mtime()
	}
	newest := true
	if ch.Before != nil {
		rec.Previous = ch.Before.Commit
		newest = got.Stat.Mtime().Truncate(time.Microsecond).After(ch.Before.LatestMtime)
	}
	if from, is := r.Restored[ch.File.Path]; is {
		rec.Event, rec.RestoredFrom = record.Restored, from
	}
	if rec.Event == record.Metadata {
		rec.Changed = got.Stat.Ctime()
	}
	if rec.Event == record.Added {
		rec.RenamedFrom = r.renamedFrom(&got.Stat)
	}
	return r.commit(ch, rec, got, newest)
}

// ignoreTime is how long a run compares lines. What comes later gets versions.
const ignoreTime = 5 * time.Second

// ignores tells whether a file has changed in lines alone that the configuration ignores.
func (r *run) ignores(path string, body []byte, before object.ID) bool {
	if r.ignoring.Load() > int64(ignoreTime) {
		return false
	}
	began := time.Now()
	defer func() { r.ignoring.Add(int64(time.Since(began))) }()
	var lines pattern.Lines
	for _, l := range r.Config.LinesToIgnore(path) {
		lines = append(lines, l.All...)
	}
	if len(lines) == 0 {
		return false
	}
	was, err := r.Repo.ReadBlob(before, capture.IgnoredFile)
	return err == nil && !bytes.Equal(was, body) && lines.SameBut(was, body)
}

// commit commits a record. A path that git cannot check out is a problem of its source.
func (r *run) commit(ch *scan.Change, rec record.Record, got *captured, newest bool) error {
	var err error
	if rec.HasContent() {
		var displaces bool
		if displaces, err = r.tx.Displaces(&rec); err == nil && displaces {
			if free, err := r.makeWay(rec.Source); err != nil || !free {
				return err
			}
		}
	}
	var v *record.Version
	if err == nil {
		v, err = r.tx.Commit(rec, got.At, newest)
	}
	var long *layout.TooLongError
	if errors.As(err, &long) {
		r.reportProblem(scan.Problem{Path: ch.File.Path, Msg: "has too long a path to be checked out again", Err: err})
		return nil
	}
	if err != nil {
		return err
	}
	r.updateCache(ch, v, got)
	if v.LinkedWith != "" {
		r.links.recorded[v.Source] = v.LinkedWith
	}
	r.noteContent(v.Source, v.Blob)
	r.warnOfLimits(v)
	return nil
}

// updateCache notes a version in the cache. got is nil for a deletion.
func (r *run) updateCache(ch *scan.Change, v *record.Version, got *captured) {
	find := r.cache.FindOrAdd
	if ch.Before == nil {
		find = r.cache.Add
	}
	state := find(v.Source)
	state.SetVersion(v)
	state.TornRuns = 0
	if got != nil {
		r.noteSeen(state, got)
	}
	r.cache.MarkChanged(state)
}

// saveAdded saves the cache after a part of the run, where it has grown by much. Where that fails,
// the end of the run tries again, and says so.
func (r *run) saveAdded() {
	r.cache.Tip = r.tx.Tip()
	_ = r.cache.SaveAdded(r.Repo.State())
}

// noteSeen notes in the cache how a source was read. What is in doubt for long, as is a file with
// an mtime that is hours ahead, is read by each run and looks the same to each: nothing is written.
func (r *run) noteSeen(state *cache.State, got *captured) {
	before := *state
	state.Stat, state.Doubtful, state.Followed, state.TornRuns = got.Stat, got.Doubtful || got.Torn, got.Followed, 0
	if *state != before {
		r.cache.MarkChanged(state)
	}
}

// reportVersions reports and counts published versions.
func (r *run) reportVersions(versions []*record.Version) {
	for _, v := range versions {
		r.summary.Events[v.Event]++
		r.summary.Versions++
		if v.Folder && v.Event != record.TypeChanged {
			r.summary.Folders++
		}
		r.summary.Bytes += v.Size
		r.Report.Version(*v)
	}
}

// recordEnd records that a source was deleted, or that a link counts as a folder. It looks once
// more, since much may have happened since the scan: a source that is back is left to the next run.
func (r *run) recordEnd(ch *scan.Change) error {
	noticed := r.Clock()
	if !scan.EndStands(ch) {
		if !ch.Before.Folder { // others can be beside a folder
			r.returned = append(r.returned, ch.File.Path)
		}
		return nil
	}
	rec := record.Record{Event: record.Deleted, Source: ch.File.Path, Folder: ch.Before.Folder, Previous: ch.Before.Commit, UID: ch.Before.UID, User: r.owners.User(ch.Before.UID)}
	if ch.LeadsOn {
		rec.Event, rec.LeadsOn = record.TypeChanged, true
	}
	v, err := r.tx.Commit(rec, noticed, true)
	if err != nil {
		return err
	}
	r.updateCache(ch, v, nil)
	return nil
}

// makeWay records the end of the sources that cannot be beside one at path, since they are above or
// below it. The scan can have seen both: it meets a path twice where entries overlap. It returns
// false where one of them is still there. Then the next run decides.
func (r *run) makeWay(path string) (free bool, err error) {
	others := r.cache.LiveBelow(path, r.cache.SortedOverlay())
	slices.Reverse(others) // folders after what lies in them
	for p := filepath.Dir(path); p != "/"; p = filepath.Dir(p) {
		others = append(others, p)
	}
	for _, source := range others {
		state := r.cache.FindLive(source)
		if state == nil || state.Folder && strings.HasPrefix(path, source+"/") {
			continue
		}
		end := scan.Change{File: &scan.File{Path: source, Entry: scan.SelectSource(r.Config, state)}, Before: state, Deleted: true}
		returned := len(r.returned)
		if err := r.recordEnd(&end); err != nil || len(r.returned) > returned {
			return false, err
		}
	}
	return true, nil
}

// overlapsReturned tells whether a source cannot be recorded beside one that recordEnd left.
func (r *run) overlapsReturned(source string) bool {
	return slices.ContainsFunc(r.returned, func(path string) bool {
		return strings.HasPrefix(source, path+"/") || strings.HasPrefix(path, source+"/")
	})
}

// reportFailure notes a source that could not be captured, for reportUnread. It returns an error of
// the destination, which ends the run.
func (r *run) reportFailure(ch *scan.Change, err error) error {
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	p := scan.Problem{Path: ch.File.Path, Err: durable.WithoutPath(err)}
	barred, isBarred := r.reader.Problem(ch.File.Path, err)
	switch {
	case errors.Is(err, capture.ErrTorn):
		p.Msg, p.Err, p.Remedy = "changed while it was read", nil, refusal.Remedy{Kind: scan.NextRunReadsAgain, Runs: capture.MaxTornRuns}
		if ch.Before == nil {
			ch.Before = r.cache.FindOrAdd(ch.File.Path)
			ch.Before.Deleted = true
		}
		ch.Before.TornRuns++
		r.cache.MarkChanged(ch.Before)
	case errors.Is(err, capture.ErrNoTime):
		r.waiting = append(r.waiting, *ch)
		return nil
	case errors.Is(err, capture.ErrSlow):
		now := r.Clock()
		s := r.slow.Add(ch.File, now)
		p = s.Problem(ch.File.Path, now)
	case isBarred:
		p = barred
	case errors.Is(err, capture.ErrTooLarge):
		p.Msg, p.Err = capture.TooLarge(r.Config.MaxSize), nil
	case !capture.IsSourceError(err):
		return err // of the destination; it names the file there
	case durable.IsMissing(err):
		p.Msg, p.Err = "vanished before it was read", nil
	default:
		p.Msg = "cannot be read"
	}
	r.unread = append(r.unread, p)
	return nil
}
