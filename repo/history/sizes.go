package history

import (
	"context"
	"errors"

	"timemachine/repo/durable"
)

// Sizes is the disk space that a destination takes, in bytes: blocks, not lengths. What has several names is counted
// once, where it is met first: in .git, else in files/, else in copies/.
type Sizes struct {
	Git, Files, Copies int64
}

// Sizes adds the destination up. What vanishes meanwhile does not count; what cannot be read is left out and an error
// says so beside the sum of the rest.
func (h *History) Sizes(ctx context.Context) (Sizes, error) {
	var s Sizes
	m := measure{ctx: ctx, seen: map[[2]uint64]bool{}}
	if h.bare {
		s.Git = m.folder(h.R.Folder)
		return s, m.end()
	}
	s.Git = m.folder(h.R.Git)
	s.Files = m.sub(h.R.Folder, "files")
	s.Copies = m.sub(h.R.Folder, "copies")
	return s, m.end()
}

// measure adds up folders; seen are the files that have further names.
type measure struct {
	ctx  context.Context
	seen map[[2]uint64]bool
	errs []error
}

const blockSize = 512 // of st_blocks, whatever the file system's own

func (m *measure) sub(dir *durable.Dir, name string) int64 {
	d, err := dir.Sub(name)
	if err != nil {
		m.fail(err)
		return 0
	}
	defer d.Close()
	return m.folder(d)
}

func (m *measure) folder(dir *durable.Dir) int64 {
	names, err := dir.Names()
	if err != nil {
		m.fail(err)
		return 0
	}
	st, err := dir.Lstat("")
	m.fail(err)
	n := st.Blocks * blockSize
	for _, name := range names {
		if m.ctx.Err() != nil {
			return n
		}
		n += m.name(dir, name)
	}
	return n
}

func (m *measure) name(dir *durable.Dir, name string) int64 {
	st, err := dir.Lstat(name)
	if err != nil {
		m.fail(err)
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

// fail keeps the first errors; thousands of them would say no more.
func (m *measure) fail(err error) {
	const kept = 5
	if err != nil && !durable.IsMissing(err) && len(m.errs) < kept {
		m.errs = append(m.errs, err)
	}
}

func (m *measure) end() error { return errors.Join(append(m.errs, m.ctx.Err())...) }
