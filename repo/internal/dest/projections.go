package dest

import (
	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// MoveStrangersAside moves aside what has the place of files/ or copies/ and is no folder, and
// makes the folder again. Nothing is reached through it. Where that cannot be done it is said, and
// the history goes on without them.
func (r *Dest) MoveStrangersAside() {
	for _, name := range Projections {
		st, err := r.Folder.Lstat(name)
		if err != nil || st.IsDir() {
			continue
		}
		what := r.Remedy(refusal.RunWritesAgain, "")
		if name == "copies" {
			what = r.Remedy(refusal.RebuildCopies, "")
		}
		aside, err := durable.MoveAside(r.Folder, name)
		if err != nil {
			r.Opts.Warn(r.Folder.Path(name), "is no folder, and could not be moved aside: "+durable.Reason(err),
				r.Remedy(refusal.MoveAside, r.Folder.Path(name)))
			continue
		}
		if st, err := r.Folder.Lstat(aside); err == nil && st.IsDir() { // somebody put the folder back meanwhile
			if r.Folder.Rename(aside, r.Folder, name) == nil {
				continue
			}
		}
		msg := "is no folder, and was moved to " + record.Quote(aside)
		if err := makeClosed(r.Folder, name); err != nil {
			msg += "; the folder could not be made: " + durable.Reason(err)
		}
		r.Opts.Warn(r.Folder.Path(name), msg, what)
	}
}

// HeadRemedy makes HEAD name the branch again.
func (r *Dest) HeadRemedy() refusal.Remedy {
	return refusal.Remedy{Kind: refusal.WriteHead, Path: r.Git.Path("HEAD"), Branch: r.Branch}
}
