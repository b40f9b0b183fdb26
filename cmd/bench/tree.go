package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"
)

var words = bytes.Fields([]byte(`the a of server port listen address root user group allow deny include path log level
	error warning info debug true false yes no default timeout interval retry limit size buffer cache host name domain
	zone record key value option section enable disable start stop restart mode owner secure public private`))

// text is compressible prose of n bytes; each seed gives another one.
func text(seed uint64, n int) []byte {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, 0, n+80)
	for len(b) < n {
		b = fmt.Appendf(b, "%s_%d", words[r.IntN(len(words))], r.IntN(1000))
		for range 3 + r.IntN(5) {
			b = append(append(b, ' '), words[r.IntN(len(words))]...)
		}
		b = append(b, '\n')
	}
	b = b[:n]
	b[n-1] = '\n'
	return b
}

// nextMtime is one second later than every mtime before it, and never in the future. The full
// second is needed since git, as Debian builds it, compares whole seconds.
func (b *bench) nextMtime() time.Time {
	b.lastMtime = b.lastMtime.Add(time.Second + 37*time.Microsecond + 113)
	return b.lastMtime
}

// write makes or replaces a file and gives it an mtime of its own.
func (b *bench) write(name string, data []byte) error {
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return err
	}
	t := b.nextMtime()
	return os.Chtimes(name, t, t)
}

// generate makes n files of size bytes each, perFolder in a folder, and returns their paths.
func (b *bench) generate(dir string, n, perFolder, size int) ([]string, error) {
	names := make([]string, 0, n)
	for i := range n {
		folder := filepath.Join(dir, fmt.Sprintf("d%04d", i/perFolder))
		if i%perFolder == 0 {
			if err := b.ctx.Err(); err != nil {
				return nil, err
			}
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return nil, err
			}
		}
		name := filepath.Join(folder, fmt.Sprintf("f%05d.conf", i))
		if err := b.write(name, text(uint64(i), size)); err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// edit changes one line of a file.
func (b *bench) edit(name string, round int) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(uint64(round), uint64(len(name))))
	lines := bytes.SplitAfter(data, []byte("\n"))
	lines[r.IntN(len(lines))] = fmt.Appendf(nil, "edited_%d in round %d by %d\n", r.IntN(1e6), round, r.IntN(1e6))
	return b.write(name, bytes.Join(lines, nil))
}

// copyTree copies the regular files below from, gives each an mtime of its own, and returns their
// new paths.
func (b *bench) copyTree(from, to string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = b.ctx.Err()
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		name := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.MkdirAll(name, 0o755)
		case !d.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		names = append(names, name)
		return b.write(name, data)
	})
	return names, err
}

// halfCompressible writes a file whose megabytes are noise and prose by turns.
func (b *bench) halfCompressible(name string, megabytes int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	noise := rand.NewChaCha8([32]byte{1})
	prose := text(7, 1<<20)
	for i := range megabytes {
		if i%2 == 0 {
			_, err = io.CopyN(f, noise, 1<<20)
		} else {
			copy(prose, fmt.Sprintf("part %d\n", i))
			_, err = f.Write(prose)
		}
		if err == nil {
			err = b.ctx.Err()
		}
		if err != nil {
			return err
		}
	}
	return f.Close()
}

// sizeBelow is the sum of the sizes, in bytes, of the files below dir that keep wants; nil wants
// all. A file that vanishes meanwhile counts nothing.
func sizeBelow(dir string, keep func(path string) bool) int64 {
	var sum int64
	filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || keep != nil && !keep(path) {
			return nil
		}
		if info, err := d.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// sizeOf is a file's size in bytes, 0 where there is none.
func sizeOf(name string) int64 {
	info, err := os.Stat(name)
	if err != nil {
		return 0
	}
	return info.Size()
}
