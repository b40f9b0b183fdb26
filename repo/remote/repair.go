package remote

import (
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// repairs are the files below a user's home by which a person repairs a push that waits for that:
// keys, passwords, and whom ssh and git trust.
var repairs = []string{".ssh", ".ssh/known_hosts", ".ssh/config", ".netrc", ".gitconfig", ".git-credentials"}

// settings are what a user can change on this machine to make a push work that failed, in one word:
// the configuration, and for some classes files. The next run tries when it has changed.
func (t *Target) settings(class Class) string {
	words := fmt.Sprintf("%s,%s,%t", t.With, t.Timeout, t.Private)
	var paths []string
	switch {
	case class == Waiting && t.home != "":
		for _, name := range repairs {
			paths = append(paths, filepath.Join(t.home, name))
		}
	case class == Gone && t.folder != "":
		paths = []string{t.folder, filepath.Join(t.folder, "HEAD"), filepath.Join(t.folder, ".git", "HEAD")}
	default:
		return words
	}
	sum := fnv.New64a()
	for _, st := range statInTime(paths) {
		switch {
		case st == nil:
			fmt.Fprintln(sum, "none")
		case class == Gone: // what is in a folder that is there does not make it a repository
			fmt.Fprintln(sum, "is there")
		default:
			fmt.Fprintln(sum, st.Size(), st.ModTime().UnixNano())
		}
	}
	return fmt.Sprintf("%s,%x", words, sum.Sum64())
}

// longestStat is how long a disk is waited for that does not answer, as one of a server that is
// away.
const longestStat = 2 * time.Second

// statInTime looks at files; nil for one that is not there. It is nil where a disk does not answer.
func statInTime(paths []string) []fs.FileInfo {
	done := make(chan []fs.FileInfo, 1)
	go func() {
		all := make([]fs.FileInfo, len(paths))
		for i, path := range paths {
			if st, err := os.Stat(path); err == nil {
				all[i] = st
			}
		}
		done <- all
	}()
	select {
	case all := <-done:
		return all
	case <-time.After(longestStat):
		return nil
	}
}
