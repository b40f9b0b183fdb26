package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/record"
	"timemachine/repo/xattr"
	"timemachine/watch/config"
	"timemachine/watch/disk"
)

// fileState is a file in one of the two states, with access to its content.
type fileState struct {
	render.Side
	blob object.ID // zero: not known
	open func() (io.ReadCloser, error)
	// the commit of its version; zero for what is on disk
	recorded object.ID
	unread   error // on disk, nothing can be told of it; nil: more is known
}

// pair is one source in both states.
type pair struct {
	source   string
	from, to fileState
}

// pairs are the sources that may differ, in order of their paths.
func (d *diffJob) pairs() ([]pair, error) {
	from, err := d.recordedStates(d.h, d.from)
	var early *history.BeforeError
	if errors.As(err, &early) && d.from.Back == 0 {
		from, err = nil, nil // every version is newer
		d.announce(d.app.tooEarlyError(early).msg + ": what was there later is shown as new")
	}
	var unknown *history.UnknownError
	if errors.As(err, &unknown) && d.isAcross() {
		from, err = nil, nil // the other branch may have it
	}
	if err != nil {
		return nil, err
	}
	var to map[string]fileState
	if d.live {
		to, err = d.liveStates(from)
	} else {
		to, err = d.recordedStates(d.toH, d.to)
	}
	if d.isAcross() && from != nil && (errors.As(err, &unknown) || errors.As(err, &early) && d.to.Back == 0) {
		err = nil
	}
	if err != nil {
		return nil, err
	}
	all := maps.Clone(to)
	if all == nil {
		all = map[string]fileState{}
	}
	maps.Copy(all, from)
	var pairs []pair
	full := [2]map[string]bool{foldersOf(from), foldersOf(to)}
	for _, source := range slices.Sorted(maps.Keys(all)) {
		p := pair{source, from[source], to[source]}
		if !p.isEmptyFolder(full) && !(d.folders && p.isOneFolder()) {
			p.leaveOutFolder()
		} else if p.to.There {
			old, err := d.mayBeOlder(source)
			if err != nil {
				return nil, err
			}
			if old {
				continue
			}
		}
		if p.from.There || p.to.There {
			pairs = append(pairs, p)
		}
	}
	return d.joinRenames(pairs)
}

// foldersOf are the folders that hold any of the sources directly.
func foldersOf(states map[string]fileState) map[string]bool {
	folders := map[string]bool{}
	for source := range states {
		folders[filepath.Dir(source)] = true
	}
	return folders
}

// isEmptyFolder tells whether a folder is in one state only, where it is empty. full are the
// folders that are not, in either state.
func (p *pair) isEmptyFolder(full [2]map[string]bool) bool {
	in := full[0]
	if p.to.There {
		in = full[1]
	}
	return p.isOneFolder() && !in[p.source]
}

// isOneFolder tells whether a folder is in one state only, and nothing in the other.
func (p *pair) isOneFolder() bool {
	return p.from.There != p.to.There && (p.from.Folder || p.to.Folder)
}

// leaveOutFolder leaves out a folder in one state only: it has no content, and the file counts.
func (p *pair) leaveOutFolder() {
	switch {
	case p.from.Folder == p.to.Folder:
	case p.from.Folder:
		p.from = fileState{}
	default:
		p.to = fileState{}
	}
}

// recordedStates are the sources that a history holds at and below the path at p. For a file that
// was renamed later, they are the file under its old name.
func (d *diffJob) recordedStates(h *history.History, p history.Point) (map[string]fileState, error) {
	all, err := h.Below(d.ctx, d.path, p)
	var early *history.BeforeError
	if errors.As(err, &early) && early.First.Source == d.path && (early.First.RenamedFrom != "" || p.Back > 0 && !early.Runs) {
		var e history.Entry
		if e, err = d.app.versionAt(d.ctx, h, d.path, p); err == nil {
			s := d.recordedState(h, e)
			if e.Source != d.path {
				s.Source = e.Source
			}
			return map[string]fileState{d.path: s}, nil
		}
	}
	if err != nil {
		return nil, err
	}
	about, err := d.app.aboutFolders(d.ctx, h, d.path, p, all)
	if err != nil {
		return nil, err
	}
	d.announce(about)
	sides := map[string]fileState{}
	for _, e := range all {
		sides[e.Source] = d.recordedState(h, e)
	}
	return sides, nil
}

// announce says once what a state lacks; "" for nothing.
func (d *diffJob) announce(text string) {
	if text != "" && text != d.announced {
		d.app.console.Announce(text)
		d.announced = text
	}
}

func (d *diffJob) recordedState(h *history.History, e history.Entry) fileState {
	side := render.SideOf(&e.Version)
	side.Since = e.Since
	if d.isAcross() {
		side.Branch = h.Branch()
	}
	return fileState{
		Side:     side,
		blob:     e.Blob,
		recorded: e.Commit,
		open: func() (io.ReadCloser, error) {
			src, _, err := h.Content(&e.Version)
			return src, err
		},
	}
}

// liveStates are the files on disk now: the sources in from, and all that the history knows there.
func (d *diffJob) liveStates(from map[string]fileState) (map[string]fileState, error) {
	known, err := d.h.Sources(d.ctx, d.path)
	if err != nil {
		return nil, err
	}
	sides := map[string]fileState{}
	for _, source := range append(known, slices.Collect(maps.Keys(from))...) {
		if _, seen := sides[source]; seen {
			continue
		}
		if err := d.ctx.Err(); err != nil {
			return nil, err
		}
		s, err := d.liveState(source, from[source])
		if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EIO) {
			s, err = fileState{Side: render.Side{There: true}, unread: &unreadError{err}}, nil
		}
		if err != nil {
			return nil, &failure{msg: terminal.Quote(source) + ": " + durable.Reason(err), err: err}
		}
		if s.There {
			sides[source] = s
		}
	}
	return sides, nil
}

// liveState is the state of a source on disk; of a link through which content is recorded, that of
// the file behind it. What is neither a file nor a link is described, and never opened. recorded is
// the state to compare with. A source whose folder is a link now is gone, as it is for a run.
func (d *diffJob) liveState(source string, recorded fileState) (fileState, error) {
	if d.isBehindLink(source) {
		return fileState{}, nil
	}
	info, err := os.Lstat(source)
	if durable.IsNoEntry(err) {
		return fileState{}, nil
	}
	if err != nil {
		return fileState{}, err
	}
	links := unix.O_NOFOLLOW
	if info.Mode()&fs.ModeSymlink != 0 && recorded.There && !recorded.Link && d.isFollowed(source) {
		target, err := os.Stat(source)
		if err != nil && !durable.IsNoEntry(err) {
			return fileState{}, err
		}
		if err == nil { // else the link leads nowhere, and is all there is
			info, links = target, 0
		}
	}
	s := fileState{Side: render.Side{There: true, Mtime: info.ModTime(), Size: info.Size(), Mode: unixMode(info), Owner: d.owner(info)}}
	switch m := info.Mode(); {
	case m.IsRegular():
		s.open = func() (io.ReadCloser, error) {
			f, err := openRegular(source, links)
			if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EIO) {
				err = &unreadError{err}
			}
			return f, err
		}
		d.addXattrs(&s, source, links)
	case m&fs.ModeSymlink != 0:
		target, err := os.Readlink(source)
		if errors.Is(err, unix.EINVAL) || durable.IsNoEntry(err) { // it is none any more
			return d.liveState(source, recorded)
		}
		if err != nil {
			return fileState{}, err
		}
		s.Link, s.Size, s.Closed = true, int64(len(target)), true
		s.open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(target)), nil }
	case m.IsDir() && recorded.There && !recorded.Folder:
		s.Odd = "a folder"
	case m.IsDir():
		s = fileState{Side: render.Side{There: true, Folder: true, Mode: s.Mode, Owner: s.Owner}}
		d.addXattrs(&s, source, links)
	default:
		s.Odd = fileKind(m)
	}
	return s, nil
}

// addXattrs reads the attributes of a file or folder on disk, as far as a run records them.
func (d *diffJob) addXattrs(s *fileState, source string, links int) {
	s.Closed = true
	fd, err := disk.OpenThrough(source, os.O_RDONLY|unix.O_NONBLOCK|links, nil)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	d.entry(source) // reads the configuration
	all, err := xattr.Read(fd, d.watched.KeepsXattr)
	if err != nil && !errors.Is(err, xattr.ErrUnsupported) {
		return
	}
	s.Closed = false
	for _, a := range all {
		x := record.Xattr{Name: a.Name, Value: a.Value}
		if len(a.Value) > record.MaxXattr {
			x.Value = ""
			x.Blob, _ = object.HashBlob([]byte(a.Value))
		}
		s.Xattrs = append(s.Xattrs, x)
	}
}

// entry is the entry of the watch list that selects a source; nil where none does, or where the
// list cannot be read.
func (d *diffJob) entry(source string) *config.Entry {
	if d.watched == nil {
		d.watched = &config.Config{}
		if p, err := d.app.configPlace(); err == nil {
			if c, err := d.app.loadConfig(p); err == nil && c != nil {
				d.watched = c
			}
		}
	}
	return d.watched.Select(source)
}

// isBehindLink tells whether a folder on the way from the entry's root to a source is a link.
func (d *diffJob) isBehindLink(source string) bool {
	e := d.entry(source)
	if e == nil {
		return false
	}
	for folder := filepath.Dir(source); len(folder) > len(e.Root); folder = filepath.Dir(folder) {
		if info, err := os.Lstat(folder); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// isFollowed tells whether the content behind a link is recorded, and not the link: an entry of the
// watch list names the link, or the newest version is a file and was captured since the link is as
// it is.
func (d *diffJob) isFollowed(source string) bool {
	if e := d.entry(source); e != nil && e.IsLiteral() && e.Root == source {
		return true
	}
	newest, err := d.h.At(d.ctx, source, history.Point{})
	var link unix.Stat_t
	if err != nil || newest.Link || unix.Lstat(source, &link) != nil {
		return false
	}
	return !time.Unix(link.Ctim.Unix()).After(newest.CaptureTime())
}

// owner is the owner of a file on disk.
func (d *diffJob) owner(info fs.FileInfo) record.Owner {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return record.Owner{}
	}
	return record.Owner{UID: st.Uid, GID: st.Gid, User: d.owners.User(st.Uid), Group: d.owners.Group(st.Gid)}
}

// unixMode is the permission bits with setuid, setgid and sticky.
func unixMode(info fs.FileInfo) uint32 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return uint32(st.Mode) & 0o7777
	}
	return uint32(info.Mode().Perm())
}

// openRegular opens a regular file and waits for nothing. It follows a link at the end of the path
// only where links is not unix.O_NOFOLLOW. For root, the links on the way count as in a run: one of
// another user's leads only to what is theirs.
func openRegular(path string, links int) (*os.File, error) {
	fd, err := disk.OpenThrough(path, os.O_RDONLY|links, nil)
	if errors.Is(err, unix.ELOOP) {
		return nil, errors.New("became a link just now")
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%q is no regular file", path), f.Close())
	}
	return f, nil
}
