//go:build linux && (system || torture)

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// modelMounts tells whether worlds have file systems of their own.
var modelMounts = os.Geteuid() == 0

const mostMounts = 3

// modelMount is a file system that comes and goes: a tmpfs, which is mounted out of sight and bound
// to its place while it is there.
type modelMount struct {
	number int // from 1 on
	store  string
	place  string
	there  bool
}

// mount makes a file system in a folder, or lets one that was made come or go.
func (w *modelWorld) mount(s modelStep) {
	if len(w.mounts) < mostMounts && s.n%3 == 0 && w.room(s.a+"/in", s.m%3 == 0) && !w.mountBelow(w.path(s.a)) {
		m := &modelMount{number: len(w.mounts) + 1, place: w.path(s.a)}
		w.fill(m)
		w.mounts = append(w.mounts, m)
		w.bind(m)
		return
	}
	if len(w.mounts) == 0 {
		return
	}
	if m := w.mounts[s.m%len(w.mounts)]; m.there {
		w.unbind(m)
	} else {
		w.bind(m)
	}
}

// fill mounts a new tmpfs as the store.
func (w *modelWorld) fill(m *modelMount) {
	w.must(os.MkdirAll(w.base+"/stores", 0o755))
	store, err := os.MkdirTemp(w.base+"/stores", "")
	w.must(err)
	m.store = store
	w.must(unix.Mount("tmpfs", m.store, "tmpfs", 0, "size=1g,mode=755"))
}

// bind lets the file system come, where its folder is still there.
func (w *modelWorld) bind(m *modelMount) {
	if info, err := os.Lstat(m.place); err == nil && info.IsDir() && !m.there && !w.mountBelow(m.place) {
		w.must(unix.Mount(m.store, m.place, "", unix.MS_BIND, ""))
		m.there = true
	}
}

// unbind lets it go, with those in it.
func (w *modelWorld) unbind(m *modelMount) {
	for _, inner := range w.mounts {
		if strings.HasPrefix(inner.place, m.place+"/") && inner.there {
			w.unbind(inner)
		}
	}
	if m.there {
		w.must(unix.Unmount(m.place, unix.MNT_DETACH))
		m.there = false
	}
}

// reboot gives the file systems other device numbers, of which some are those that others had.
func (w *modelWorld) reboot(modelStep) {
	var back []*modelMount
	for _, m := range w.mounts {
		if m.there {
			back = append(back, m)
		}
	}
	for _, m := range slices.Backward(back) {
		w.unbind(m)
	}
	olds := make([]string, len(w.mounts))
	for i, m := range w.mounts {
		olds[i] = m.store
		kept := m.store + ".kept"
		w.must(exec.Command("cp", "-a", m.store, kept).Run())
		w.must(unix.Unmount(m.store, unix.MNT_DETACH))
	}
	for i, m := range slices.Backward(w.mounts) {
		w.fill(m)
		w.must(exec.Command("cp", "-a", olds[i]+".kept/.", m.store).Run())
		w.must(os.RemoveAll(olds[i] + ".kept"))
	}
	for _, m := range back {
		w.bind(m)
	}
}

// mountCoarse mounts a file system with a clock of seconds for the sources.
func (w *modelWorld) mountCoarse() error {
	image := w.path("image")
	if err := os.WriteFile(image, nil, 0o600); err != nil {
		return err
	}
	if err := os.Truncate(image, 2<<30); err != nil {
		return err
	}
	for _, args := range [][]string{{"mkfs.ext4", "-q", "-F", "-I", "128", "-O", "^has_journal", image}, {"mount", "-o", "loop", image, w.path("w")}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil && !strings.Contains(string(out), "beyond 2038") {
			return fmt.Errorf("%v: %w: %s", args, err, out)
		}
	}
	return nil
}

// unmountAll unmounts all that the world has mounted.
func (w *modelWorld) unmountAll() {
	b, err := os.ReadFile("/proc/self/mounts")
	w.must(err)
	for _, line := range slices.Backward(strings.Split(string(b), "\n")) {
		if f := strings.Fields(line); len(f) > 1 {
			if place := octal.Replace(f[1]); strings.HasPrefix(place, w.base+"/") {
				unix.Unmount(place, unix.MNT_DETACH)
			}
		}
	}
}

// octal reads the names in /proc/self/mounts.
var octal = strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`)

// unmountBelow lets go what is mounted at a path or below it.
func (w *modelWorld) unmountBelow(p string) {
	for _, m := range w.mounts {
		if m.there && (m.place == p || strings.HasPrefix(m.place, p+"/")) {
			w.unbind(m)
		}
	}
}

func (w *modelWorld) isMount(p string) bool {
	return slices.ContainsFunc(w.mounts, func(m *modelMount) bool { return m.there && m.place == p })
}

// mountBelow tells whether something is mounted at a path or below it.
func (w *modelWorld) mountBelow(p string) bool {
	return slices.ContainsFunc(w.mounts, func(m *modelMount) bool {
		return m.there && (m.place == p || strings.HasPrefix(m.place, p+"/"))
	})
}

// home is the number of the file system that a path lies in: 0 for that of the world, -1 for one
// with a coarse clock.
func (w *modelWorld) home(p string) int {
	if real, err := filepath.EvalSymlinks(filepath.Dir(p)); err == nil {
		p = real + "/" + filepath.Base(p)
	}
	home, deepest := 0, ""
	if w.coarse() && strings.HasPrefix(p+"/", w.path("w/")) {
		home = -1
	}
	for _, m := range w.mounts {
		if m.there && (p == m.place || strings.HasPrefix(p, m.place+"/")) && len(m.place) > len(deepest) {
			home, deepest = m.number, m.place
		}
	}
	return home
}
