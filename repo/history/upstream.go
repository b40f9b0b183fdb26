package history

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
)

// Upstream is where git pushes the branch to, as the configuration of the destination says.
type Upstream struct {
	Remote   string // its name: origin
	Branch   string // its name at the remote, without refs/heads/
	Pushed   bool   // something was pushed or fetched; else the next two mean nothing
	Ahead    int    // commits that the remote did not have at the last push or fetch
	Diverged bool   // the remote had commits that are not in this history; Ahead is 0
}

// Upstream returns the state of the branch at its remote, as of the last push or fetch. It is nil
// where no remote is configured. It does not contact the remote.
func (h *History) Upstream(ctx context.Context) (*Upstream, error) {
	upstream, ok := h.commits.Config.Upstream(h.Branch())
	if !ok || !strings.HasPrefix(h.commits.Branch, "refs/heads/") {
		return nil, nil
	}
	u := &Upstream{Remote: upstream.Remote, Branch: strings.TrimPrefix(upstream.Merge, "refs/heads/")}
	if upstream.Tracking == "" {
		return u, nil
	}
	remoteTip, err := h.commits.Refs.Read(upstream.Tracking)
	if errors.Is(err, ref.ErrMissing) || durable.IsMissing(err) {
		return u, nil
	}
	if err != nil {
		return u, err
	}
	u.Pushed = true
	u.Ahead, u.Diverged, err = h.ahead(ctx, remoteTip)
	return u, err
}

// CheckWriters returns an error that says why another user than uid could have written the versions
// that a point selects: the repository is open to that user, the branch is another than the
// recorded one, as one that was fetched, or the point is a commit that the branch does not lead to.
// owner is the repository's.
func (h *History) CheckWriters(ctx context.Context, uid int, p Point) (owner durable.Owner, err error) {
	if owner, err = h.commits.CheckWriters(uid); err == nil && h.commits.Other {
		err = fmt.Errorf("branch %s is not the one that is recorded here", record.Quote(h.Branch()))
	}
	if err != nil || p.Commit.IsZero() {
		return owner, err
	}
	if _, elsewhere, err := h.ahead(ctx, p.Commit); err != nil || elsewhere {
		return owner, cmp.Or(err, fmt.Errorf("commit %s is not on the branch %s", p.Commit.Short(), record.Quote(h.Branch())))
	}
	return owner, nil
}

// ahead counts the commits from the tip back to another one.
func (h *History) ahead(ctx context.Context, remoteTip object.ID) (n int, diverged bool, err error) {
	for id := h.read.Tip; id != remoteTip; n++ {
		if id.IsZero() {
			return 0, true, nil
		}
		if err := ctx.Err(); err != nil {
			return 0, false, err
		}
		_, raw, err := h.commits.Store.Read(id)
		if err != nil {
			return 0, false, err
		}
		if id, err = h.commits.FirstParent(id, raw); err != nil {
			return 0, false, err
		}
	}
	return n, false, nil
}
