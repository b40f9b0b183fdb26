package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// writeMapped changes a file through a mapping, which need not tell by its mtime.
func (w *modelWorld) writeMapped(s modelStep) {
	f, err := os.OpenFile(w.pick(s), os.O_RDWR|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
		return
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(info.Size()), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	w.must(err)
	b[s.n%len(b)] ^= 2
	w.must(unix.Munmap(b))
	st := info.Sys().(*syscall.Stat_t)
	w.mapped[[2]uint64{uint64(st.Dev), st.Ino}] = true
}

// beginDuring starts what changes the sources while a run is at work; stop ends it.
func (w *modelWorld) beginDuring(s modelStep) (stop func()) {
	w.prepareDuring(s)
	if w.before != nil {
		w.before()
	}
	var working sync.WaitGroup
	end := make(chan struct{})
	for _, f := range w.during {
		working.Go(func() { f(end) })
	}
	w.before, w.during = nil, nil
	return func() {
		close(end)
		working.Wait()
	}
}

// prepareDuring sets before, during and shaky.
func (w *modelWorld) prepareDuring(s modelStep) {
	p := w.path(s.a)
	info, err := os.Lstat(p)
	if err != nil && s.n%4 != 0 {
		p = w.pick(s)
		s.a = w.rel(p)
		info, err = os.Lstat(p)
	}
	if w.avoidsDuring(s) {
		return
	}
	if err != nil && s.n%4 == 0 && w.room(s.a, false) {
		w.busy(p)
	}
	if err != nil || w.mountBelow(p) || !info.IsDir() && info.Sys().(*syscall.Stat_t).Nlink > 1 {
		return // what changes a file changes all its names
	}
	if w.coarse() && s.m%16 == 0 {
		w.late(s.n)
		return
	}
	switch kind := s.n % 7; {
	case info.IsDir():
		w.shaky[p], w.shaky[p+".moved"] = &modelShaky{absent: true}, &modelShaky{absent: true}
		w.repeat(func() {
			os.Rename(p, p+".moved")
			time.Sleep(time.Duration(s.m%300) * time.Microsecond)
			os.Rename(p+".moved", p)
		})
	case !info.Mode().IsRegular():
	case kind == 0:
		w.shaky[p] = &modelShaky{absent: true}
		w.repeat(func() {
			os.Remove(p)
			os.WriteFile(p, []byte("come back\n"), 0o644)
		})
	case kind == 1:
		w.append(p)
	case kind == 2:
		w.replace(p)
	case kind == 3:
		w.exchange(p, w.path(s.b))
	case kind == 4:
		w.overwrite(p, 0, s.m%2 == 0)
	default:
		w.overwrite(p, 512, s.m%2 == 0)
	}
}

// avoidsDuring tells whether the path is one that an entry names: what comes and goes there speaks
// of a disk that is not mounted.
func (w *modelWorld) avoidsDuring(s modelStep) bool {
	for _, e := range w.list.entries {
		for _, p := range []string{w.path(s.a), w.path(s.b)} {
			if e.root == p || strings.HasPrefix(e.root, p+"/") {
				return true
			}
		}
	}
	return false
}

// repeat repeats a change while the run is at work.
func (w *modelWorld) repeat(change func()) {
	w.during = append(w.during, func(stop <-chan struct{}) {
		for {
			select {
			case <-stop:
				return
			default:
				change()
				time.Sleep(100 * time.Microsecond)
			}
		}
	})
}

// append writes at the end. Each of the states is one that the file had.
func (w *modelWorld) append(p string) {
	b, err := os.ReadFile(p)
	w.must(err)
	had := map[string]bool{blobName(b): true}
	w.shaky[p] = &modelShaky{blobs: had}
	n := 0
	w.repeat(func() {
		f, err := os.OpenFile(p, os.O_WRONLY|os.O_APPEND, 0)
		if n++; err != nil || n > 200 {
			return
		}
		defer f.Close()
		line := fmt.Appendf(nil, "line %d\n", n)
		b = append(b, line...)
		had[blobName(b)] = true
		f.Write(line)
	})
}

// replace puts another file into the place at one moment.
func (w *modelWorld) replace(p string) {
	b, err := os.ReadFile(p)
	w.must(err)
	had := map[string]bool{blobName(b): true}
	w.shaky[p], w.shaky[p+".new"] = &modelShaky{blobs: had}, &modelShaky{absent: true}
	n := 0
	w.repeat(func() {
		n++
		next := fmt.Appendf(nil, "replaced %d times\n", n)
		had[blobName(next)] = true
		if os.WriteFile(p+".new", next, 0o644) == nil {
			os.Rename(p+".new", p)
		}
	})
}

// exchange lets two files change places, of which none is missing at any moment.
func (w *modelWorld) exchange(p, q string) {
	info, err := os.Lstat(q)
	if err != nil || !info.Mode().IsRegular() || p == q || w.avoidsDuring(modelStep{a: w.rel(q)}) {
		return
	}
	had := map[string]bool{}
	for _, one := range []string{p, q} {
		b, err := os.ReadFile(one)
		w.must(err)
		had[blobName(b)] = true
	}
	w.shaky[p], w.shaky[q] = &modelShaky{blobs: had}, &modelShaky{blobs: had}
	w.repeat(func() { exchangeNames(p, q, p+".aside") })
}

// overwrite writes the file from its beginning to its end with one letter after the other, and lets
// it grow by some bytes each time. To read a large one takes longer than to write it.
func (w *modelWorld) overwrite(p string, grow int, large bool) {
	const block = 64 << 10
	size := 8 * block
	if large {
		size *= 20
	}
	w.must(os.WriteFile(p, bytes.Repeat([]byte("a"), size), 0o644))
	w.shaky[p] = &modelShaky{whole: overwritten}
	n := 0
	w.repeat(func() {
		f, err := os.OpenFile(p, os.O_WRONLY, 0)
		if err != nil {
			return
		}
		defer f.Close()
		n++
		size += grow
		b := bytes.Repeat([]byte{letter(n)}, size)
		for at := 0; at < size; at += block {
			f.WriteAt(b[at:min(size, at+block)], int64(at))
			time.Sleep(50 * time.Microsecond)
		}
	})
}

func letter(n int) byte { return byte('a' + n%26) }

// overwritten tells whether such a file has a content at any moment: some bytes of a letter, and
// then all of the letter before it. A write may stop anywhere for a while.
func overwritten(content string) bool {
	if content == "" {
		return false
	}
	rest := strings.TrimLeft(content, content[:1])
	return strings.Trim(rest, string(letter(int(content[0]-'a')+25))) == ""
}

// busy writes all over a file that is there for this run only.
func (w *modelWorld) busy(p string) {
	const size = 4 << 20
	w.shaky[p] = &modelShaky{absent: true}
	w.before = func() { w.must(os.WriteFile(p, make([]byte, size), 0o644)) }
	w.during = append(w.during, func(stop <-chan struct{}) {
		f, err := os.OpenFile(p, os.O_WRONLY, 0)
		if err != nil {
			return
		}
		defer os.Remove(p)
		defer f.Close()
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
				f.WriteAt([]byte{byte(i)}, int64(i)*4099%size)
			}
		}
	})
}

// late changes a small file a moment after it was read, while a large one is being read, and within
// the same tick of the clock.
func (w *modelWorld) late(n int) {
	const size = 96 << 20
	small, large := w.path("w/a/small"), w.path("w/a/large")
	big := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)}).Read(big)
	w.must(os.WriteFile(large, big, 0o644))
	w.shaky[small] = &modelShaky{blobs: map[string]bool{blobName([]byte("one\n")): true, blobName([]byte("two\n")): true}}
	w.shaky[large] = &modelShaky{absent: true}
	w.before = func() {
		now := time.Now()
		time.Sleep(now.Truncate(time.Second).Add(1020 * time.Millisecond).Sub(now))
		w.must(os.WriteFile(small, []byte("one\n"), 0o644))
	}
	w.during = append(w.during, func(stop <-chan struct{}) {
		time.Sleep(600 * time.Millisecond)
		if f, err := os.OpenFile(small, os.O_WRONLY, 0); err == nil {
			f.WriteAt([]byte("two\n"), 0)
			f.Close()
		}
		<-stop
		os.Remove(large)
	})
}
