package repo

import "timemachine/repo/git/object"

// An object that no branch, tag or reflog leads to is there until the next git gc, which may be at work at this very
// moment: it has made its list of what is to go before our branch names the object, and takes it away afterwards. So what is
// stored is written again unless it is certain that the branch leads to it already: because it is in a pack of ours, which
// hold nothing else, or because a version that is recorded has it.

// holds tells whether the repository has a content to stay; before is the content of the version before.
func (r *packdirT) holds(id, before object.ID) (bool, error) {
	if id == before {
		return r.store.Has(id)
	}
	ours, err := r.ours()
	if err != nil {
		return false, err
	}
	in, elsewhere := r.store.Packed(id, ours)
	return in || elsewhere && r.o.Known(id), nil // what is loose alone is written again, which takes less time than to look
}

// ours is the set of the packs of ours. It is read once for each pack that is written.
func (r *packdirT) ours() (map[string]bool, error) {
	if set := r.ownSet.Load(); set != nil {
		return *set, nil
	}
	names, err := r.listedPacks()
	if err != nil {
		return nil, err
	}
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	r.ownSet.Store(&set)
	return set, nil
}
