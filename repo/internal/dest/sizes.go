package dest

import (
	"context"
	"errors"

	"timemachine/repo/durable"
)

// Sizes adds up the disk space of the repository, files/ and copies/, in bytes: blocks, not
// lengths. A file with several names counts once, under its first name. bare tells that the folder
// itself is the repository. Files that vanish meanwhile do not count. Files that cannot be read do
// not count either, and the error says so.
func (r *Dest) Sizes(ctx context.Context, bare bool) (git, files, copies int64, err error) {
	m := measure{ctx: ctx, seen: map[[2]uint64]bool{}}
	if bare {
		git = m.folder(r.Folder)
		return git, 0, 0, m.end()
	}
	git = m.folder(r.Git)
	files = m.sub(r.Folder, "files")
	copies = m.sub(r.Folder, "copies")
	return git, files, copies, m.end()
}

// measure adds up folders. seen holds the files with several names.
type measure struct {
	ctx  context.Context
	seen map[[2]uint64]bool
	errs []error
}

const blockSize = 512 // bytes, the unit of st_blocks on every file system

func (m *measure) sub(dir *durable.Dir, name string) int64 {
	d, err := dir.Sub(name)
	if err != nil {
		m.note(err)
		return 0
	}
	defer d.Close()
	return m.folder(d)
}

func (m *measure) folder(dir *durable.Dir) int64 {
	names, err := dir.Names()
	if err != nil {
		m.note(err)
		return 0
	}
	st, err := dir.Lstat("")
	m.note(err)
	n := st.Blocks * blockSize
	for _, name := range names {
		if m.ctx.Err() != nil {
			return n
		}
		n += m.entry(dir, name)
	}
	return n
}

func (m *measure) entry(dir *durable.Dir, name string) int64 {
	st, err := dir.Lstat(name)
	if err != nil {
		m.note(err)
		return 0
	}
	if st.IsDir() {
		return m.sub(dir, name)
	}
	if st.Links > 1 {
		id := [2]uint64{st.Dev, st.Ino}
		if m.seen[id] {
			return 0
		}
		m.seen[id] = true
	}
	return st.Blocks * blockSize
}

// note keeps the first errors: thousands of them would say no more.
func (m *measure) note(err error) {
	const kept = 5
	if err != nil && !durable.IsMissing(err) && len(m.errs) < kept {
		m.errs = append(m.errs, err)
	}
}

func (m *measure) end() error { return errors.Join(append(m.errs, m.ctx.Err())...) }
