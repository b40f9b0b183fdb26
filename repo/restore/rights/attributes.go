package rights

import (
	"errors"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"timemachine/repo/xattr"
)

// Attributes with a meaning of their own here.
const (
	capability = "security.capability"
	label      = "security.selinux"
	accessList = "system.posix_acl_access"
	userPrefix = "user."
)

// Attrs are extended attributes of a file, by name.
type Attrs []xattr.Attr

// IsRoots tells whether only root may set an attribute.
func IsRoots(name string) bool {
	return strings.HasPrefix(name, "security.") || strings.HasPrefix(name, "trusted.")
}

func (p *Policy) isRecorded(name string) bool { return p.Recorded == nil || p.Recorded(name) }

// counts tells whether an attribute is compared and given: it is recorded, and this process may set
// it.
func (p *Policy) counts(name string) bool {
	return p.isRecorded(name) && (!IsRoots(name) || p.Root && !p.Limited)
}

// wanted lists the attributes of a record that count.
func (p *Policy) wanted(r *record.Record) []record.Xattr {
	return slices.DeleteFunc(slices.Clone(r.Xattrs), func(x record.Xattr) bool { return !p.counts(x.Name) })
}

// equal tells whether attributes are those of a record.
func (p *Policy) equal(r *record.Record, attrs Attrs) bool {
	return slices.EqualFunc(p.wanted(r), attrs, func(x record.Xattr, a xattr.Attr) bool {
		if x.Name != a.Name || x.Blob.IsZero() {
			return x.Name == a.Name && x.Value == a.Value
		}
		id, err := object.HashBlob([]byte(a.Value))
		return err == nil && id == x.Blob
	})
}

// Attributed is what attributes are read from and set on.
type Attributed struct {
	read func() ([]xattr.Attr, error)
	set  func(a xattr.Attr) error
	drop func(name string) error
}

// Read returns the attributes that count; none where they cannot be read.
func (a Attributed) Read() Attrs {
	attrs, _ := a.read()
	return attrs
}

// Of is an open file to read from only.
func (p *Policy) Of(f *os.File) Attributed {
	return Attributed{read: func() ([]xattr.Attr, error) { return xattr.Read(int(f.Fd()), p.counts) }}
}

// OfFile is an open file.
func (p *Policy) OfFile(f *durable.File) Attributed {
	return Attributed{
		read: func() ([]xattr.Attr, error) { return xattr.Read(int(f.Fd()), p.counts) },
		set: func(a xattr.Attr) error {
			return f.Do(durable.SetXattr, func(fd int) error { return xattr.Set(fd, a) })
		},
		drop: func(name string) error {
			return f.Do(durable.SetXattr, func(fd int) error { return xattr.Remove(fd, name) })
		},
	}
}

// OfFolder is an open folder.
func (p *Policy) OfFolder(d *durable.Dir) Attributed {
	return Attributed{
		read: func() ([]xattr.Attr, error) { return xattr.Read(int(d.Fd()), p.counts) },
		set: func(a xattr.Attr) error {
			return d.Do(durable.SetXattr, "", func(fd int) error { return xattr.Set(fd, a) })
		},
		drop: func(name string) error {
			return d.Do(durable.SetXattr, "", func(fd int) error { return xattr.Remove(fd, name) })
		},
	}
}

// OfLink is a link in an open folder.
func (p *Policy) OfLink(d *durable.Dir, name string) Attributed {
	return Attributed{
		read: func() ([]xattr.Attr, error) { return xattr.ReadLink(int(d.Fd()), name, p.counts) },
		set: func(a xattr.Attr) error {
			return d.Do(durable.SetXattr, name, func(fd int) error { return xattr.SetLink(fd, name, a) })
		},
		drop: func(attr string) error {
			return d.Do(durable.SetXattr, name, func(fd int) error { return xattr.RemoveLink(fd, name, attr) })
		},
	}
}

// Wish says which attributes a file is to have.
type Wish struct {
	// the record tells all of them: others are removed
	Known bool
	// else it keeps those of the file that it replaces, as if a program had written that anew: its
	// capabilities are lost that way, but not where the content stays
	Before Attrs
	Stays  bool
	Value  func(x *record.Xattr) (string, error) // of an attribute in the record
}

// Change is what a file, link or folder needs to have the attributes of a version.
type Change struct {
	on    Attributed
	set   []xattr.Attr
	drop  []string
	Notes []string // what could not be done
}

// Changes finds what is to be changed.
func (p *Policy) Changes(r *record.Record, on Attributed, w Wish) (*Change, error) {
	have, err := on.read()
	if err != nil && !errors.Is(err, xattr.ErrUnsupported) {
		return nil, err
	}
	var want []xattr.Attr
	if w.Known {
		for _, x := range p.wanted(r) {
			value, err := w.Value(&x)
			if err != nil {
				return nil, err
			}
			want = append(want, xattr.Attr{Name: x.Name, Value: value})
		}
	} else {
		want = slices.DeleteFunc(slices.Clone(w.Before), func(a xattr.Attr) bool {
			return a.Name == capability && !w.Stays || a.Name == accessList && (p.Root || !w.Stays)
		})
	}
	c := &Change{on: on}
	for _, a := range want {
		if !slices.Contains(have, a) || a.Name == capability { // which the new owner takes away
			c.set = append(c.set, a)
		}
	}
	for _, a := range have {
		wanted := slices.ContainsFunc(want, func(w xattr.Attr) bool { return w.Name == a.Name })
		if w.Known && !wanted && a.Name != label { // no label can be taken away
			c.drop = append(c.drop, a.Name)
		}
	}
	if isIn := func(w xattr.Attr) bool { return w.Name == accessList }; !w.Stays && !slices.ContainsFunc(want, isIn) && !slices.Contains(c.drop, accessList) {
		c.drop = append(c.drop, accessList) // of the folder above
	}
	return c, nil
}

// ApplyUsers changes the attributes of users' programs. They can only be set while the owner may
// write.
func (c *Change) ApplyUsers() { c.apply(true) }

// applyRest changes the other attributes: after the owner, since a change of that takes
// capabilities away, and before the mode, which says what an access list can allow at most.
func (c *Change) applyRest() { c.apply(false) }

func (c *Change) apply(users bool) {
	for _, name := range c.drop {
		if strings.HasPrefix(name, userPrefix) == users {
			if err := c.on.drop(name); name != accessList || !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, xattr.ErrUnsupported) {
				c.note(name, "not removed", err)
			}
		}
	}
	for _, a := range c.set {
		if strings.HasPrefix(a.Name, userPrefix) == users {
			c.note(a.Name, "not set", c.on.set(a))
		}
	}
}

// touchesUsers tells whether attributes of users' programs change.
func (c *Change) touchesUsers() bool {
	return slices.ContainsFunc(c.drop, func(name string) bool { return strings.HasPrefix(name, userPrefix) }) ||
		slices.ContainsFunc(c.set, func(a xattr.Attr) bool { return strings.HasPrefix(a.Name, userPrefix) })
}

// note notes an attribute that could not be changed.
func (c *Change) note(name, what string, err error) {
	if err == nil {
		return
	}
	why := durable.Reason(err)
	switch {
	case errors.Is(err, unix.ENOTSUP), errors.Is(err, xattr.ErrUnsupported):
		why = "the file system there has none of that kind"
	case errors.Is(err, unix.EPERM) && os.Geteuid() != 0:
		why = "only root can"
	case errors.Is(err, unix.ENOSPC), errors.Is(err, unix.E2BIG):
		why = "the file system has no room for it"
	}
	c.Notes = append(c.Notes, "attribute "+record.Quote(name)+" is "+what+": "+why)
}
