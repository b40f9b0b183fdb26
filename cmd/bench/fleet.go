package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// fleet is many hosts, each with a destination of its own.
type fleet struct {
	*bench
	hosts []*fleetHost
}

// fleetHost is one host: what it watches, and its destination.
type fleetHost struct {
	name  string
	dest  *destination
	files []string
}

// ways are timemachine's ways to push.
var ways = []string{"git", "builtin"}

// fleetPushes compares many hosts that push to one bare repository at the same moment, a branch
// each, with as many processes of git push.
func (b *bench) fleetPushes() error {
	f := &fleet{bench: b}
	for i := range b.scaled(200, 10) {
		if err := f.addHost(fmt.Sprintf("host%03d", i)); err != nil {
			return err
		}
	}
	pushers := []func(h *fleetHost, remote string) (cost, error){f.gitPush}
	for _, way := range ways {
		pushers = append(pushers, f.push(way))
	}
	for i := range pushers {
		remote := f.remote(i)
		if _, err := b.output(b.dir, "init", "-q", "--bare", "-b", "hosts/"+f.hosts[0].name, remote); err != nil {
			return err
		}
	}
	for _, round := range []string{"first push", "one more version"} {
		if round != "first push" {
			if err := f.editAll(); err != nil {
				return err
			}
		}
		var waits [][]float64
		for i, push := range pushers {
			wait, err := f.atOnce(func(h *fleetHost) (cost, error) { return push(h, f.remote(i)) })
			if err == nil {
				err = f.check(f.remote(i))
			}
			if err != nil {
				return err
			}
			waits = append(waits, wait)
		}
		for i, way := range ways {
			work := fmt.Sprintf("%d hosts at once, %s, with: %s", len(f.hosts), round, way)
			b.compare(work+", median wait", "git push", []pair{{median(waits[i+1]), median(waits[0])}}, seconds, 0)
			b.compare(work+", longest wait", "git push", []pair{{slices.Max(waits[i+1]), slices.Max(waits[0])}}, seconds, 0)
		}
	}
	return nil
}

// remote is the repository that one way pushes to.
func (f *fleet) remote(way int) string { return f.path(fmt.Sprint("remote", way, ".git")) }

// addHost makes a host with some files that all hosts have, and some of its own.
func (f *fleet) addHost(name string) error {
	const files, size = 10, 2 << 10
	src := f.path("src", name)
	own, err := f.generate(src, files, files, size)
	if err != nil {
		return err
	}
	h := &fleetHost{name: name, files: own}
	for i := range files {
		common := filepath.Join(src, fmt.Sprint("common", i))
		if err := os.WriteFile(common, slices.Repeat([]byte(fmt.Sprintln("common", i)), size/10), 0o644); err != nil {
			return err
		}
	}
	if h.dest, err = f.newDestination(name, src); err != nil {
		return err
	}
	_, err = h.dest.run()
	f.hosts = append(f.hosts, h)
	return err
}

// editAll records one more version at each host.
func (f *fleet) editAll() error {
	for i, h := range f.hosts {
		if err := f.edit(h.files[0], i); err != nil {
			return err
		}
		if _, err := h.dest.run(); err != nil {
			return err
		}
	}
	return nil
}

// push lets timemachine push in one of its ways.
func (f *fleet) push(way string) func(h *fleetHost, remote string) (cost, error) {
	return func(h *fleetHost, remote string) (cost, error) {
		settings := fmt.Appendf(nil, "watch: []\npush: {remote: %q, branch: hosts/%s, with: %s, private: yes, timeout: 10m}\n", remote, h.name, way)
		name := "push-" + way + ".dat"
		if err := os.WriteFile(filepath.Join(h.dest.conf, name), settings, 0o600); err != nil {
			return cost{}, err
		}
		return f.run(command{args: []string{f.binary, "-cl", h.dest.conf, "-c", name, "-d", h.dest.dest, "push"}})
	}
}

func (f *fleet) gitPush(h *fleetHost, remote string) (cost, error) {
	return f.git(h.dest.dest, []string{"push", "-q", remote, "main:hosts/" + h.name})
}

// atOnce starts a push for each host at the same moment, and returns how many seconds each took, in
// order.
func (f *fleet) atOnce(push func(h *fleetHost) (cost, error)) ([]float64, error) {
	f.syncDisks()
	var all sync.WaitGroup
	waits, errs := make([]float64, len(f.hosts)), make([]error, len(f.hosts))
	begin := make(chan struct{})
	for i, h := range f.hosts {
		all.Go(func() {
			<-begin
			c, err := push(h)
			waits[i], errs[i] = c.elapsed.Seconds(), err
		})
	}
	close(begin)
	all.Wait()
	slices.Sort(waits)
	return waits, errors.Join(errs...)
}

// check compares each branch of a remote with its host's, and lets git check the remote.
func (f *fleet) check(remote string) error {
	listed, err := f.output(remote, "for-each-ref", "--format=%(refname) %(objectname)")
	if err != nil {
		return err
	}
	var want []string
	for _, h := range f.hosts {
		tip, err := f.output(h.dest.dest, "rev-parse", "refs/heads/main")
		if err != nil {
			return err
		}
		want = append(want, "refs/heads/hosts/"+h.name+" "+tip)
	}
	if got := strings.Split(listed, "\n"); !slices.Equal(got, want) {
		return fmt.Errorf("%s holds %d branches that are not all the hosts': %s", remote, len(got), listed)
	}
	out, err := f.output(remote, "fsck", "--full", "--strict", "--no-dangling", "--no-progress")
	if err == nil && out != "" {
		err = fmt.Errorf("git fsck of %s: %s", remote, out)
	}
	return err
}
