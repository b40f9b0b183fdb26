package capture

import (
	"errors"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/xattr"
	"timemachine/watch/disk"
)

// maxXattrs is how many bytes of names and values a source's record takes, all together. Attributes
// beyond that, in the order of their names, are left out.
const maxXattrs = 1 << 20

// fileKind is a kind of file on a device. Some have no attributes.
type fileKind struct {
	dev  uint64
	kind uint32
}

// attributes returns what read gives of a source, as a record has it. mayRead is false where the
// owner of the destination may not read the source itself, whose user.* attributes are as private
// as what it holds. A source whose attributes the system does not list has none.
func (c *Capturer) attributes(st *disk.Stat, mayRead bool, read func(keep func(string) bool) ([]xattr.Attr, error)) ([]record.Xattr, error) {
	kind := fileKind{st.Dev, st.Mode & unix.S_IFMT}
	if _, without := c.without.Load(kind); without {
		return nil, nil
	}
	found, err := read(func(name string) bool {
		switch {
		case strings.HasPrefix(name, "trusted.") && c.Reader.user != nil, strings.HasPrefix(name, "user.") && !mayRead:
			return false
		}
		return c.KeepsXattr == nil || c.KeepsXattr(name)
	})
	switch {
	case errors.Is(err, xattr.ErrUnsupported):
		c.without.Store(kind, nil)
		return nil, nil
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM), errors.Is(err, unix.E2BIG):
		return nil, nil
	case err != nil:
		return nil, asSourceError(err)
	}
	size := 0
	var all []record.Xattr
	for _, a := range found {
		if size += len(a.Name) + len(a.Value); size > maxXattrs {
			break
		}
		all = append(all, record.Xattr{Name: a.Name, Value: a.Value})
	}
	return all, nil
}

// ofFD reads the attributes of an open file or folder.
func ofFD(fd int) func(keep func(string) bool) ([]xattr.Attr, error) {
	return func(keep func(string) bool) ([]xattr.Attr, error) { return xattr.Read(fd, keep) }
}

// ofName reads the attributes of what lies at a source's name, without following a link.
func (s *source) ofName() func(keep func(string) bool) ([]xattr.Attr, error) {
	return func(keep func(string) bool) ([]xattr.Attr, error) {
		if s.listed {
			return nil, nil // the name leads elsewhere
		}
		all, err := xattr.ReadLink(s.dir, s.name, keep)
		if errors.Is(err, unix.ENOENT) { // it is gone, which its stat shows, or there is no /proc
			return nil, nil
		}
		return all, err
	}
}

// captureFolder takes the stat of a source that is a folder, and its attributes. A folder in which
// names come and go meanwhile is captured as it was before: the next run sees another stat.
func (c *Capturer) captureFolder(src *source) (Content, error) {
	at := c.Clock()
	dir, err := src.openFolder()
	if err != nil {
		return Content{}, err
	}
	defer unix.Close(dir.fd)
	mayRead, err := c.Reader.checkFolder(src, &dir.stat)
	if err != nil {
		return Content{}, err
	}
	read := ofFD(dir.fd)
	if !dir.readable {
		read = src.ofName()
	}
	all, err := c.attributes(&dir.stat, mayRead, read)
	if err != nil {
		return Content{}, err
	}
	if after, err := disk.StatFD(dir.fd); err != nil || after != dir.stat {
		again, aerr := c.attributes(&dir.stat, mayRead, read)
		if err := errors.Join(err, aerr); err != nil {
			return Content{}, asSourceError(err)
		}
		if after.Mode != dir.stat.Mode || after.UID != dir.stat.UID || after.GID != dir.stat.GID || !slices.Equal(again, all) {
			return Content{}, asSourceError(ErrTorn)
		}
	}
	return Content{Stat: dir.stat, Folder: true, Xattrs: all, At: at, Doubtful: inDoubt(&dir.stat, at)}, nil
}

// sourceFolder is an open source that is a folder.
type sourceFolder struct {
	fd       int
	readable bool // else it is open as a mere path
	stat     disk.Stat
}

// openFolder opens a source that is a folder.
func (s *source) openFolder() (sourceFolder, error) {
	open := func(flags int) (int, error) {
		if s.listed {
			return disk.OpenThrough(s.path, flags, s.own.CheckFolder)
		}
		return disk.OpenAt(s.dir, s.name, flags|unix.O_NOFOLLOW)
	}
	d := sourceFolder{readable: true}
	var err error
	if d.fd, err = open(unix.O_RDONLY | unix.O_DIRECTORY); err == unix.EACCES {
		d.readable = false
		d.fd, err = open(disk.FolderFlags)
	}
	if err != nil {
		return d, asSourceError(pathError("open", s.path, err))
	}
	if d.stat, err = disk.StatFD(d.fd); err != nil {
		unix.Close(d.fd)
		return d, asSourceError(pathError("stat", s.path, err))
	}
	return d, nil
}

// HashOnly is a BlobWriter that stores nothing, and only gives contents their names.
type HashOnly struct{}

// Blob returns the name of a content.
func (HashOnly) Blob(body []byte, _ object.ID) (object.ID, error) { return object.HashBlob(body) }

// BlobFrom returns the name of a content.
func (HashOnly) BlobFrom(size int64, src io.Reader, _ object.ID) (object.ID, error) {
	h := object.NewBlobHasher(size)
	if _, err := io.Copy(h, src); err != nil {
		return object.ID{}, err
	}
	return h.ID()
}
