package events

import "errors"

const (
	folderKind = "kqueue"
	watchLimit = "kern.maxfilesperproc"
)

// limitOf returns the limit that an error of kqueue is about: it opens each file and folder.
func limitOf(error) *Limit { return &Limit{Setting: watchLimit} }

// fileSystems is the source that watches whole file systems. This system has none.
type fileSystems struct{}

func openFileSystems(Options) (*fileSystems, error) {
	return nil, errors.New("this system has no fanotify")
}

func (*fileSystems) watch(string, uint64) bool { return false }
func (*fileSystems) forget()                   {}
func (*fileSystems) count() int                { return 0 }
func (*fileSystems) close()                    {}

// mounts tells of mounts. This system does not.
type mounts struct{}

func openMounts() *mounts { return &mounts{} }

func (*mounts) changed(func(string) bool) bool { return false }
func (*mounts) close()                         {}
