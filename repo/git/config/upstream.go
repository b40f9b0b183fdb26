package config

import "strings"

// Upstream is where git pushes a branch to.
type Upstream struct {
	Remote   string // its name: origin
	Merge    string // the full name of the branch there
	Tracking string // the local reference that follows that branch; "": none
}

// Upstream returns the upstream of a branch, which is named without refs/heads/; false for none.
func (c File) Upstream(branch string) (Upstream, bool) {
	options := c.Raw.Section("branch").Subsection(branch).Options
	u := Upstream{Remote: options.Get("remote"), Merge: options.Get("merge")}
	if u.Remote == "" || u.Merge == "" {
		return Upstream{}, false
	}
	u.Tracking = c.tracking(u.Remote, u.Merge)
	return u, true
}

// tracking returns the local reference that follows a reference of a remote; "" for none.
func (c File) tracking(remote, merge string) string {
	if remote == "." {
		return merge
	}
	for _, spec := range c.Raw.Section("remote").Subsection(remote).Options.GetAll("fetch") {
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
