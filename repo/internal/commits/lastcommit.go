package repo

import (
	"slices"
	"time"

	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
)

// lastCommit is one that the branch may have been at, and what says so.
type lastCommit struct {
	id   object.ID
	what string
}

// lastCommit is the newest commit that is whole and that the branch is known to have been at: the reflog's, or a later one
// that runs have noted. Without a reflog that helps, search looks at every commit that is stored.
func (r *commitsT) lastCommit(search bool) (last lastCommit, found bool) {
	logged, _ := r.refs.Logged(r.branch) // one that cannot be read knows nothing
	for _, id := range logged {
		if r.whole(id) {
			last, found = lastCommit{id, "the reflog's last good commit"}, true
			search = false
			break
		}
	}
	others := append(r.noted(), r.kept()...)
	if search {
		if id := r.newestRecord(); !id.IsZero() {
			others = append(others, lastCommit{id, "the newest commit with a record of timemachine's"})
		}
	}
	for _, o := range others {
		later := !slices.Contains(logged, o.id) && r.whole(o.id) // the branch has left what the reflog has
		if later && (!found || o.id != last.id && r.descends(o.id, last.id)) {
			last, found = o, true
		}
	}
	return last, found
}

// noted are the commits that runs have left word of.
func (r *commitsT) noted() (all []lastCommit) {
	if r.own == nil {
		return nil
	}
	add := func(id object.ID, what string) {
		if !id.IsZero() {
			all = append(all, lastCommit{id, what})
		}
	}
	add(r.remembered(r.own), "the last commit that a run has recorded")
	for _, id := range runstate.WholeCommits(r.own) {
		add(id, "the newest commit that a run has found whole")
	}
	return all
}

// kept are the commits that runs which were cut short were about to move the branch to. A History does not look for them.
func (r *commitsT) kept() (all []lastCommit) {
	if r.stage == nil {
		return nil
	}
	packs, err := r.packNames()
	if err != nil {
		return nil
	}
	dir, closeDir, err := r.packDir()
	if err != nil {
		return nil
	}
	defer closeDir()
	for name, suffixes := range packs {
		if !suffixes[".keep"] {
			continue
		}
		b, _ := dir.ReadFile(name+".keep", config.MaxSize)
		if _, id, ok := runstate.ParseKeep(string(b)); ok {
			all = append(all, lastCommit{id, "the commit that a run was about to record"})
		}
	}
	return all
}

// whole tells whether a commit and its tree can be read.
func (r *commitsT) whole(id object.ID) bool {
	c, err := r.store.ReadCommit(id)
	if err == nil {
		_, err = r.store.ReadTree(c.Tree)
	}
	return err == nil
}

// descends tells whether base is among id's first parents.
func (r *commitsT) descends(id, base object.ID) bool {
	for id != base && !id.IsZero() {
		raw, err := r.store.ReadRawCommit(id)
		if err == nil {
			id, err = object.FirstParent(raw)
		}
		if err != nil {
			return false
		}
	}
	return id == base
}

// newestRecord is the newest of the stored commits that have a record of ours and are not followed by another such one;
// zero where there is none.
func (r *commitsT) newestRecord() (newest object.ID) {
	type commit struct {
		parent object.ID
		when   time.Time
		ours   bool
	}
	commits := map[object.ID]commit{}
	for _, id := range r.store.Commits() {
		c, err := r.store.ReadCommit(id)
		if err != nil {
			continue
		}
		commits[id] = commit{c.FirstParent(), c.Committer.When, record.HasRecord(c)}
	}
	followed := map[object.ID]bool{}
	for _, c := range commits {
		for at := c.parent; c.ours && !at.IsZero() && !followed[at]; at = commits[at].parent {
			followed[at] = true
		}
	}
	for id, c := range commits {
		if c.ours && !followed[id] && (newest.IsZero() || c.when.After(commits[newest].when)) && r.whole(id) {
			newest = id
		}
	}
	return newest
}
