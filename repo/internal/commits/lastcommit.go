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

// lastCommit is one that the branch may have been at, and what says so.
type lastCommit struct {
	id       object.ID
	evidence refusal.Evidence
}

// lastCommit is the newest commit that is whole and that the branch is known to have been at: the
// reflog's, or a later one that runs have noted. Without a reflog that helps, search looks at every
// commit that is stored.
func (r *Commits) lastCommit(search bool) (last lastCommit, found bool) {
	logged, _ := r.Refs.Logged(r.Branch) // one that cannot be read knows nothing
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
		later := !slices.Contains(logged, o.id) && r.isWhole(o.id) // the branch has left what the reflog has
		if later && (!found || o.id != last.id && r.descends(o.id, last.id)) {
			last, found = o, true
		}
	}
	return last, found
}

// notedCommits are the commits that runs have left word of.
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

// keptCommits are the commits that runs which were cut short were about to move the branch to. A
// History does not look for them.
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

// newestRecord is the newest of the stored commits that have a record of ours and are not followed
// by another such one; zero where there is none.
func (r *Commits) newestRecord() (newest object.ID) {
	type commit struct {
		parent object.ID
		when   time.Time
		ours   bool
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
		for at := c.parent; c.ours && !at.IsZero() && !followed[at]; at = commits[at].parent {
			followed[at] = true
		}
	}
	for id, c := range commits {
		if c.ours && !followed[id] && (newest.IsZero() || c.when.After(commits[newest].when)) && r.isWhole(id) {
			newest = id
		}
	}
	return newest
}
