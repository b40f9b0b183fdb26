package disk

import (
	"os/user"
	"strconv"
)

// OwnerNames looks up the names of users and groups, each once. The zero value is ready.
type OwnerNames struct{ users, groups map[uint32]string }

// User returns the name of a user, or "".
func (n *OwnerNames) User(id uint32) string {
	return cachedName(&n.users, id, func(s string) (string, error) {
		u, err := user.LookupId(s)
		if err != nil {
			return "", err
		}
		return u.Username, nil
	})
}

// Group returns the name of a group, or "".
func (n *OwnerNames) Group(id uint32) string {
	return cachedName(&n.groups, id, func(s string) (string, error) {
		g, err := user.LookupGroupId(s)
		if err != nil {
			return "", err
		}
		return g.Name, nil
	})
}

// cachedName returns the name of id in names, and looks it up with find the first time.
func cachedName(names *map[uint32]string, id uint32, find func(string) (string, error)) string {
	name, ok := (*names)[id]
	if !ok {
		name, _ = find(strconv.FormatUint(uint64(id), 10))
		if *names == nil {
			*names = map[uint32]string{}
		}
		(*names)[id] = name
	}
	return name
}
