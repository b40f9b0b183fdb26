package remote

import (
	"context"
	"fmt"
	"strings"

	"timemachine/repo/internal/commits"
	"timemachine/repo/internal/runstate"
)

// Agreed is a branch of a remote to which a person has agreed to send files that not everybody may
// read. Branch is its short name.
type Agreed struct {
	URL, Branch string
	from        string // the URL by the repository's configuration
}

// IsOf tells whether it was agreed to for t, wherever the user's configuration of git leads.
func (a *Agreed) IsOf(t *Target) bool {
	return a.from == t.configured() && a.Branch == t.Branch()
}

// AgreedTo lists those, the one that was pushed to last first.
func AgreedTo(c *commits.Commits) (list []Agreed, err error) {
	if c.StateDir == nil {
		return nil, nil
	}
	all, err := runstate.ReadPushes(c.StateDir)
	for _, p := range all {
		if p.Private {
			list = append(list, Agreed{p.URL, strings.TrimPrefix(p.Ref, "refs/heads/"), p.Configured()})
		}
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrUnreadable, err)
	}
	return list, err
}

// TakeBack forgets what a person has agreed to about all branches of t's remote. It tells whether
// anything was.
func TakeBack(ctx context.Context, c *commits.Commits, t *Target, o Options) (had bool, err error) {
	lock, _, err := takeLock(ctx, c, &o)
	if err != nil {
		return false, err
	}
	defer lock.Close()
	all, err := runstate.ReadPushes(c.StateDir)
	for _, p := range all {
		if err == nil && p.Private && (p.URL == t.URL() || p.Configured() == t.configured()) {
			p.Private, had = false, true
			err = runstate.WritePush(c.StateDir, p)
		}
	}
	return had, err
}
