package repo

import (
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/history"
	"timemachine/repo/refusal"
)

// Identity is a name and an e-mail address as commits carry them.
type Identity struct{ Name, Email string }

// Options is what a destination needs from its surroundings. The zero value works.
type Options struct {
	Clock func() time.Time // nil: time.Now
	// of author and committer dates; nil: UTC
	Zone  *time.Location
	Ident Identity // the running user, for committers
	Host  string   // of authors' addresses, name@host
	// a unique name of this start of the machine; "": everything is synced at once
	Boot string
	Log  func(msg string, args ...any) // important actions; nil: none
	// what the user should know but no run fails for; nil: none
	Warn func(path, msg string, what refusal.Remedy)
	// absolute paths below the destination that git status must not show
	Exclude []string
	// called when a command begins to wait for the process that is the writer, for patience at
	// most; holder is 0 where the system does not tell it. nil: nothing to call
	Waiting func(holder int, patience time.Duration)
	// objects after which what a run has is published; 0: 200,000
	Batch int
	// the same in bytes of the pack; 0: 2 GiB
	BatchBytes int64

	// Heads is that of history.Options, for [Repo.History].
	Heads func(state *durable.Dir, path string) history.Heads

	// Remembered reads from state, the folder .git/timemachine, which commit the caller's cache is
	// true of; zero for none. nil: none.
	Remembered func(state *durable.Dir) object.ID
}

func (o Options) withDefaults() Options {
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.Host == "" {
		o.Host = "localhost"
	}
	if o.Ident.Name == "" {
		o.Ident.Name = "timemachine"
	}
	if o.Ident.Email == "" {
		o.Ident.Email = o.Ident.Name + "@" + o.Host
	}
	if o.Batch == 0 {
		o.Batch = batchObjects
	}
	if o.BatchBytes == 0 {
		o.BatchBytes = batchBytes
	}
	return o
}
