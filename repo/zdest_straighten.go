package repo

import (
	"fmt"
	"timemachine/repo/durable"
)

// straighten moves aside what has the place of files/ or copies/ and is no folder, and makes the folder again. Nothing is
// reached through it. Where that cannot be done it is said, and the history goes on without them.
func (r *destT) straighten() {
	for _, name := range projections {
		st, err := r.root.Lstat(name)
		if err != nil || st.IsDir() {
			continue
		}
		hint := "it is written again from the history"
		if name == "copies" {
			hint = "write them again with: " + r.rebuildCommand()
		}
		aside, err := moveAside(r.root, name)
		if err != nil {
			r.o.Warn(r.root.Path(name), "is no folder, and could not be moved aside: "+cause(err),
				"versions are recorded all the same; move it away with: mv "+word(r.root.Path(name))+" "+word(r.root.Path(name+".aside")))
			continue
		}
		if st, err := r.root.Lstat(aside); err == nil && st.IsDir() { // somebody put the folder back meanwhile
			if r.root.Rename(aside, r.root, name) == nil {
				continue
			}
		}
		msg := "is no folder, and was moved to " + quote(aside)
		if err := makeClosed(r.root, name); err != nil {
			msg += "; the folder could not be made: " + cause(err)
		}
		r.o.Warn(r.root.Path(name), msg, hint)
	}
}

// maxAside is how much of a name is kept in the name of what was moved aside, so that there is room for the rest of it.
const maxAside = 240

// moveAside gives what has a name of ours another one, which it returns.
func moveAside(d *durable.Dir, name string) (string, error) {
	aside, err := vacantName(d, name[:min(len(name), maxAside)]+".aside")
	if err == nil {
		err = d.Rename(name, d, aside)
	}
	return aside, err
}

// vacantName is a name that nothing has: name itself, or with a number.
func vacantName(d *durable.Dir, name string) (string, error) {
	for i, next := 2, name; ; i++ {
		there, err := d.Exists(next)
		if err != nil || !there {
			return next, err
		}
		next = fmt.Sprintf("%s%d", name, i)
	}
}
