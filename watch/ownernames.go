package watch

import (
	"os/user"
	"strconv"
)

// ownerNames remembers who the numbers are.
type ownerNames struct{ users, groups map[uint32]string }

func (n *ownerNames) user(id uint32) string {
	return cachedName(&n.users, id, func(s string) (string, error) {
		u, err := user.LookupId(s)
		if err != nil {
			return "", err
		}
		return u.Username, nil
	})
}

func (n *ownerNames) group(id uint32) string {
	return cachedName(&n.groups, id, func(s string) (string, error) {
		g, err := user.LookupGroupId(s)
		if err != nil {
			return "", err
		}
		return g.Name, nil
	})
}

func cachedName(known *map[uint32]string, id uint32, find func(string) (string, error)) string {
	name, ok := (*known)[id]
	if !ok {
		name, _ = find(strconv.FormatUint(uint64(id), 10))
		if *known == nil {
			*known = map[uint32]string{}
		}
		(*known)[id] = name
	}
	return name
}
