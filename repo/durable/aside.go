package durable

import (
	"fmt"
)

// maxAside is how much of a name is kept in the name of what was moved aside, so that there is room
// for the rest of it.
const maxAside = 240

// MoveAside gives what has a name of ours another one, which it returns.
func MoveAside(d *Dir, name string) (string, error) {
	aside, err := VacantName(d, name[:min(len(name), maxAside)]+".aside")
	if err == nil {
		err = d.Rename(name, d, aside)
	}
	return aside, err
}

// VacantName is a name that nothing has: name itself, or with a number.
func VacantName(d *Dir, name string) (string, error) {
	for i, next := 2, name; ; i++ {
		there, err := d.Exists(next)
		if err != nil || !there {
			return next, err
		}
		next = fmt.Sprintf("%s%d", name, i)
	}
}
