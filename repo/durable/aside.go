package repo

import (
	"fmt"
	"timemachine/repo/durable"
)

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
