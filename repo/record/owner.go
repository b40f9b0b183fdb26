package record

import (
	"errors"
	"strconv"
	"strings"
)

// Owner is the user and the group that a file belongs to. A name is "" where it is not known.
type Owner struct {
	UID, GID    uint32
	User, Group string
}

// Owner is the owner of the version.
func (r *Record) Owner() Owner { return Owner{UID: r.UID, GID: r.GID, User: r.User, Group: r.Group} }

// Is tells whether o is the same user and group as p: the numbers count, as they do for the system.
func (o Owner) Is(p Owner) bool { return o.UID == p.UID && o.GID == p.GID }

// String is user:group. A number replaces an unknown name. It also replaces a group's name with a
// colon, which could not be told from the user's name.
func (o Owner) String() string {
	user, group := o.User, o.Group
	if user == "" {
		user = decimal(o.UID)
	}
	if group == "" || strings.Contains(group, ":") {
		group = decimal(o.GID)
	}
	return user + ":" + group
}

func (o Owner) numbers() string { return decimal(o.UID) + ":" + decimal(o.GID) }

// TellApart is two owners in words that differ where the owners do: their names, else their
// numbers.
func TellApart(a, b Owner) (string, string) {
	if a.String() == b.String() {
		return a.numbers(), b.numbers()
	}
	return a.String(), b.String()
}

func decimal(id uint32) string { return strconv.FormatUint(uint64(id), 10) }

var errOwner = errors.New("want user:group (uid:gid)")

// setOwner reads an owner from the right, where the numbers are: a user's name may hold any
// character.
func (r *Record) setOwner(s string) error {
	names, ok := strings.CutSuffix(s, ")")
	cut := strings.LastIndex(names, " (")
	if !ok || cut < 0 {
		return errOwner
	}
	names, numbers := names[:cut], names[cut+2:]
	uid, gid, ok := strings.Cut(numbers, ":")
	colon := strings.LastIndexByte(names, ':')
	if !ok || colon < 0 {
		return errOwner
	}
	var err error
	if r.UID, err = parseID(uid); err != nil {
		return err
	}
	if r.GID, err = parseID(gid); err != nil {
		return err
	}
	r.User, r.Group = known(names[:colon], uid), known(names[colon+1:], gid)
	return nil
}

// known is the name, or "" where the number stands in its place.
func known(name, number string) string {
	if name == number {
		return ""
	}
	return name
}

// parseID takes an id as decimal writes it, and in no other form.
func parseID(s string) (uint32, error) {
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || len(s) > 1 && s[0] == '0' {
		return 0, errOwner
	}
	return uint32(n), nil
}
