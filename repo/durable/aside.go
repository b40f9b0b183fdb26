package durable

import "fmt"

// maxAside is how many bytes of a name stay in its new name, so that the suffix fits.
const maxAside = 240

// MoveAside gives a file or folder another name beside the old one, and returns that name.
func MoveAside(d *Dir, name string) (string, error) {
	aside, err := VacantName(d, name[:min(len(name), maxAside)]+".aside")
	if err == nil {
		err = d.Rename(name, d, aside)
	}
	return aside, err
}

// VacantName is a name that does not exist: name itself, or with a number.
func VacantName(d *Dir, name string) (string, error) {
	for i, next := 2, name; ; i++ {
		there, err := d.Exists(next)
		if err != nil || !there {
			return next, err
		}
		next = fmt.Sprintf("%s%d", name, i)
	}
}
