package history

import (
	"bytes"
	"context"
	"errors"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
)

// Upstream is where the branch is pushed to, as git's configuration of the destination says.
type Upstream struct {
	Remote   string // as git calls it: origin
	Branch   string // there, without refs/heads/
	Pushed   bool   // something was pushed or fetched: the other fields mean something
	Ahead    int    // commits here that were not there when it was last talked to
	Diverged bool   // what was there is not part of the history here; Ahead is 0
}

// Upstream looks up what the branch was last known to be at its remote; nil where none is
// configured. Nobody is talked to.
func (h *History) Upstream(ctx context.Context) (*Upstream, error) {
	branch := h.commits.Config.Raw.Section("branch").Subsection(h.Branch())
	remote, merge := branch.Options.Get("remote"), branch.Options.Get("merge")
	if remote == "" || merge == "" {
		return nil, nil
	}
	u := &Upstream{Remote: remote, Branch: strings.TrimPrefix(merge, "refs/heads/")}
	name := h.tracking(remote, merge)
	if name == "" || ref.CheckName(name) != nil {
		return u, nil
	}
	theirs, err := h.commits.Refs.Read(name)
	if errors.Is(err, ref.ErrMissing) || durable.IsMissing(err) {
		return u, nil
	}
	if err != nil {
		return u, err
	}
	u.Pushed = true
	u.Ahead, u.Diverged, err = h.ahead(ctx, theirs)
	return u, err
}

// tracking is the reference here that follows the remote's reference merge, "" where none does.
func (h *History) tracking(remote, merge string) string {
	if remote == "." {
		return merge
	}
	for _, spec := range h.commits.Config.Raw.Section("remote").Subsection(remote).Options.GetAll("fetch") {
		from, to, ok := strings.Cut(strings.TrimPrefix(spec, "+"), ":")
		if !ok {
			continue
		}
		before, after, pattern := strings.Cut(from, "*")
		if !pattern && from == merge {
			return to
		}
		middle, fits := strings.CutPrefix(merge, before)
		if middle, fits2 := strings.CutSuffix(middle, after); pattern && fits && fits2 {
			return strings.Replace(to, "*", middle, 1)
		}
	}
	return ""
}

// ahead counts the commits from the tip back to theirs.
func (h *History) ahead(ctx context.Context, theirs object.ID) (n int, diverged bool, err error) {
	for id := h.tip; id != theirs; n++ {
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
		if id, err = h.parent(id, raw); err != nil {
			return 0, false, err
		}
	}
	return n, false, nil
}

// Count counts the versions, and gives the newest commit that is one.
func (h *History) Count(ctx context.Context) (n int, newest record.Version, err error) {
	for id := h.tip; !id.IsZero(); {
		if err := ctx.Err(); err != nil {
			return n, newest, err
		}
		_, raw, err := h.commits.Store.Read(id)
		if err != nil {
			return n, newest, err
		}
		if bytes.Contains(raw, []byte(sourceLine)) {
			if n++; n == 1 {
				newest, _, _ = h.commits.Version(id)
			}
		}
		if id, err = h.parent(id, raw); err != nil {
			return n, newest, err
		}
	}
	return n, newest, nil
}
