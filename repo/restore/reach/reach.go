// Package reach opens the folders in which a restore writes, without going through a link that
// another user can have planted, and tells what is in them.
package reach

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// Base is a folder from which a restore goes on without following links.
type Base struct {
	Path string
	Dir  *durable.Dir // nil: the folder is missing
	Walk *durable.Walker
	from *durable.Walker
}

// Second is a second walker, for an operation that has to do with two folders.
func (b *Base) Second() *durable.Walker {
	if b.from == nil {
		b.from = durable.NewWalker(b.Dir)
	}
	return b.from
}

// Close closes the folder, where it is open.
func (b *Base) Close() {
	if b.Dir != nil {
		b.Walk.Close()
		b.Second().Close()
		b.Dir.Close()
		b.Dir, b.Walk, b.from = nil, nil, nil
	}
}

// Open opens the folder. With make, it is made where it is missing.
func (b *Base) Open(make bool) error {
	dir, err := durable.OpenTrusted(b.Path, make)
	if err != nil {
		return err
	}
	b.Dir, b.Walk = dir, durable.NewWalker(dir)
	return nil
}

// OpenAbove opens the nearest folder above that is there. Where a link leads nowhere on the way,
// the base stays as it is: its folder is made where the link leads.
func (b *Base) OpenAbove() error {
	for path := b.Path; path != "/"; path = filepath.Dir(path) {
		dir, err := durable.OpenTrusted(filepath.Dir(path), false)
		if durable.IsMissing(err) {
			continue
		}
		if err != nil {
			return err
		}
		if st, err := dir.Lstat(filepath.Base(path)); err == nil && st.IsLink() {
			return dir.Close()
		}
		b.Path, b.Dir, b.Walk = filepath.Dir(path), dir, durable.NewWalker(dir)
		return nil
	}
	return nil
}

// Has tells whether a folder below the base is there.
func (b *Base) Has(rel string) bool { return b.Folder(rel) != nil }

// Folder opens a folder below the base, good until the next call. It is nil where that fails.
func (b *Base) Folder(rel string) *durable.Dir {
	if b.Dir == nil {
		return nil
	}
	dir, err := b.Walk.Dir(rel)
	if err != nil {
		return nil
	}
	return dir
}

// IsMount tells whether something is mounted on a folder.
func IsMount(above, folder *durable.Dir) (bool, error) {
	a, aerr := above.Lstat("")
	st, err := folder.Lstat("")
	on, oerr := above.Mount("")
	in, ierr := folder.Mount("")
	return a.Dev != st.Dev || on != in, errors.Join(aerr, err, oerr, ierr)
}

// EntersFolder tells whether steps start inside a selected folder. They do not where a link has its
// place, unless the watch list names the link.
func EntersFolder(path string, followed func(string) bool) bool {
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

// Behind follows the link at rel below the base, and those it leads to, to the file behind them. It
// returns nil where there is no link, and else the folders on the way, opened, the last of which
// holds the file called name. The caller closes them, also after an error.
func (b *Base) Behind(rel, folder, name string) (way []*Base, last string, err error) {
	dir, err := b.Walk.Dir(folder)
	if err != nil {
		return nil, "", nil
	}
	st, err := dir.Lstat(name)
	if err != nil {
		return nil, "", nil
	}
	path := b.Path + "/" + rel
	for links := 0; st.IsLink(); links++ {
		target, err := readTrusted(dir, name, &st)
		if err != nil {
			return way, "", err
		}
		if links == maxLinks {
			return way, "", fmt.Errorf("is a link that leads nowhere: %w", unix.ELOOP)
		}
		if !filepath.IsAbs(target) {
			target = path[:strings.LastIndexByte(path, '/')+1] + target
		}
		path = target
		cut := strings.LastIndexByte(path, '/')
		next := &Base{Path: path[:cut+1]}
		way = append(way, next)
		last = path[cut+1:]
		if err = durable.CheckName(last); err == nil {
			err = next.Open(false)
		}
		if err == nil {
			dir, name = next.Dir, last
			st, err = dir.Lstat(name)
		}
		if err != nil {
			return way, "", fmt.Errorf("is a link that leads nowhere: %w", err)
		}
	}
	return way, last, nil
}

// maxLinks is how many links one path may lead through, as in Linux.
const maxLinks = 40

// readTrusted returns the target of a link that root or this process's user owns, and that is still
// the one with the stat.
func readTrusted(dir *durable.Dir, name string, st *durable.Stat) (string, error) {
	if st.UID != 0 && int(st.UID) != os.Geteuid() {
		return "", &durable.OthersLinkError{UID: st.UID}
	}
	target, err := dir.Readlink(name)
	if err != nil {
		return "", err
	}
	if now, err := dir.Lstat(name); err != nil || !Unchanged(&now, st) {
		return "", ErrChanged
	}
	return strings.TrimRight(target, "/"), nil
}

// ErrChanged says that a file is another one than it was.
var ErrChanged = errors.New("it changed meanwhile, and is left alone")

// Unchanged tells whether nothing tells two stats of a file apart.
func Unchanged(a, b *durable.Stat) bool {
	return a.Same(*b) && a.Mode == b.Mode && a.Size == b.Size && a.Mtime == b.Mtime && a.Ctime == b.Ctime
}

// ContentID is the name that git gives to the content of a file or link.
func ContentID(dir *durable.Dir, name string, st *durable.Stat) (object.ID, error) {
	if st.IsLink() {
		target, err := dir.Readlink(name)
		if err != nil {
			return object.ID{}, err
		}
		return object.HashBlob([]byte(target))
	}
	f, err := dir.Open(name)
	if err != nil {
		return object.ID{}, err
	}
	defer f.Close()
	return Hash(f, st.Size)
}

// Hash is the name that git gives to the first bytes of a file.
func Hash(f io.Reader, size int64) (object.ID, error) {
	sum := object.NewBlobHasher(size)
	if _, err := io.Copy(sum, io.LimitReader(f, size)); err != nil {
		return object.ID{}, err
	}
	return sum.ID()
}
