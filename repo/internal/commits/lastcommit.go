package commits

import (
	"slices"
	"time"

	"timemachine/repo/git/config"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// lastCommit is a commit that the branch may have been at, and the evidence for it.
type lastCommit struct {
	id       object.ID
	evidence refusal.Evidence
}

// lastCommit finds the newest whole commit that the branch is known to have been at: the reflog's,
// or a later one that runs have noted. Where the reflog names none and search is set, it also looks
// through all stored commits.
func (r *Commits) lastCommit(search bool) (last lastCommit, found bool) {
	logged, _ := r.Refs.Logged(r.Branch) // an unreadable reflog counts as empty
	for _, id := range logged {
		if r.isWhole(id) {
			last, found = lastCommit{id, refusal.InReflog}, true
			search = false
			break
		}
	}
	others := append(r.notedCommits(), r.keptCommits()...)
	if search {
		if id := r.newestRecord(); !id.IsZero() {
			others = append(others, lastCommit{id, refusal.NewestRecord})
		}
	}
	for _, o := range others {
		// the branch has left the commits of its reflog
		later := !slices.Contains(logged, o.id) && r.isWhole(o.id)
		if later && (!found || o.id != last.id && r.descends(o.id, last.id)) {
			last, found = o, true
		}
	}
	return last, found
}

// notedCommits lists the commits that runs have noted in the state folder.
func (r *Commits) notedCommits() (all []lastCommit) {
	if r.StateDir == nil {
		return nil
	}
	add := func(id object.ID, evidence refusal.Evidence) {
		if !id.IsZero() {
			all = append(all, lastCommit{id, evidence})
		}
	}
	add(r.remembered(r.StateDir), refusal.RecordedByRun)
	for _, id := range runstate.WholeCommits(r.StateDir) {
		add(id, refusal.FoundWhole)
	}
	return all
}

// keptCommits lists the commits that interrupted runs were about to move the branch to. It lists
// none where the destination is opened for reading.
func (r *Commits) keptCommits() (all []lastCommit) {
	if r.Stage == nil {
		return nil
	}
	packs, err := r.PackNames()
	if err != nil {
		return nil
	}
	dir, closeDir, err := r.PackDir()
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
			all = append(all, lastCommit{id, refusal.AboutToRecord})
		}
	}
	return all
}

// isWhole tells whether a commit and its tree can be read.
func (r *Commits) isWhole(id object.ID) bool {
	c, err := r.Store.ReadCommit(id)
	if err == nil {
		_, err = r.Store.ReadTree(c.Tree)
	}
	return err == nil
}

// descends tells whether base is among id's first parents.
func (r *Commits) descends(id, base object.ID) bool {
	for id != base && !id.IsZero() {
		raw, err := r.Store.ReadRawCommit(id)
		if err == nil {
			id, err = object.FirstParent(raw)
		}
		if err != nil {
			return false
		}
	}
	return id == base
}

// newestRecord is the newest stored commit that has a record and no descendant with one; zero for
// none.
func (r *Commits) newestRecord() (newest object.ID) {
	type commit struct {
		parent object.ID
		when   time.Time
		record bool
	}
	commits := map[object.ID]commit{}
	for _, id := range r.Store.Commits() {
		c, err := r.Store.ReadCommit(id)
		if err != nil {
			continue
		}
		commits[id] = commit{c.FirstParent(), c.Committer.When, record.HasRecord(c)}
	}
	followed := map[object.ID]bool{}
	for _, c := range commits {
		for at := c.parent; c.record && !at.IsZero() && !followed[at]; at = commits[at].parent {
			followed[at] = true
		}
	}
	for id, c := range commits {
		if c.record && !followed[id] && (newest.IsZero() || c.when.After(commits[newest].when)) && r.isWhole(id) {
			newest = id
		}
	}
	return newest
}
