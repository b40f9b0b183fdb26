package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// gitPeer is a git repository whose work tree is the source tree.
type gitPeer struct {
	b         *bench
	dir, work string
}

func (b *bench) gitPeer(name, work string) (*gitPeer, error) {
	p := &gitPeer{b: b, dir: b.path(name), work: work}
	if err := os.RemoveAll(p.dir); err != nil {
		return nil, err
	}
	_, err := b.git(b.dir, []string{"init", "-q", "--bare", p.dir})
	for _, setting := range [][2]string{{"core.bare", "false"}, {"core.worktree", work}, {"gc.auto", "0"}} {
		if err == nil {
			_, err = b.git(p.dir, []string{"config", setting[0], setting[1]})
		}
	}
	return p, err
}

// collectingPeer is a gitPeer that collects loose objects as git does by default, but waits for it.
func (b *bench) collectingPeer(name, work string) (*gitPeer, error) {
	p, err := b.gitPeer(name, work)
	if err == nil {
		_, err = p.run([]string{"config", "--unset", "gc.auto"}, []string{"config", "gc.autoDetach", "false"})
	}
	return p, err
}

func (p *gitPeer) run(lists ...[]string) (cost, error) {
	for i := range lists {
		lists[i] = append([]string{"--git-dir", p.dir}, lists[i]...)
	}
	return p.b.git(p.work, lists...)
}

// commitAll commits all changes at once.
func (p *gitPeer) commitAll() (cost, error) {
	return p.run([]string{"add", "-A"}, []string{"commit", "-q", "-m", "all"})
}

// commitOne commits one file.
func (p *gitPeer) commitOne(name string) (cost, error) {
	return p.run([]string{"add", name}, []string{"commit", "-q", "-m", "one"})
}

// fastImport feeds git fast-import with one commit for each file below work.
func (b *bench) fastImport(name, work string) (cost, error) {
	dir := b.path(name)
	if err := os.RemoveAll(dir); err != nil {
		return cost{}, err
	}
	if _, err := b.git(b.dir, []string{"init", "-q", "--bare", dir}); err != nil {
		return cost{}, err
	}
	b.syncDisks()
	return b.run(command{dir: dir, args: []string{"git", "fast-import", "--quiet"},
		stdin: func(w io.Writer) error { return exportCommits(w, work) }})
}

// exportCommits writes a stream for git fast-import: one commit for each regular file below root,
// in path order.
func exportCommits(to io.Writer, root string) error {
	w := bufio.NewWriterSize(to, 1<<20)
	mark := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		mark++
		name := strings.TrimPrefix(path, root+"/")
		if name[0] == '"' || strings.ContainsRune(name, '\n') {
			name = fmt.Sprintf("%q", name)
		}
		message := "Add " + name
		fmt.Fprintf(w, "commit refs/heads/main\ncommitter peer <peer@example.org> %d +0000\ndata %d\n%s\nM 100644 inline %s\ndata %d\n",
			1_700_000_000+mark, len(message), message, name, len(data))
		w.Write(data)
		return w.WriteByte('\n')
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

// backup is a program that stores the state of the source each time it runs.
type backup struct {
	name       string
	init, save []string
	dir        string
}

// installedBackups are the backup programs that this machine has.
func (b *bench) installedBackups(source string) []backup {
	restic, borg := b.path("restic"), b.path("borg")
	all := []backup{
		{"restic", []string{"restic", "-q", "-r", restic, "init"}, []string{"restic", "-q", "-r", restic, "backup", source}, restic},
		{"borg", []string{"borg", "init", "-e", "none", borg}, []string{"borg", "create", borg + "::{now:%Y%m%d%H%M%S%f}", source}, borg},
	}
	var there []backup
	for _, p := range all {
		if b.isInstalled(p.name) {
			there = append(there, p)
		}
	}
	return there
}
