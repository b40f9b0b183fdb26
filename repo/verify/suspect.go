package verify

import (
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// suspect is a finding in files/, copies/ or the index that a repair can remove, or a second look
// once no run is active.
type suspect struct {
	Finding
	kind    kind
	version record.Version // the one that it is about; none for the kinds that are about no version
}

// kind is what is wrong with a suspect.
type kind int

const (
	wrongFile     kind = iota // the newest version's place in files/ holds something else
	wrongEntry                // its index entry says something else
	leftoverFile              // a deleted source has a file in files/
	leftoverEntry             // or an index entry
	wrongCopy                 // a version's copy is missing, or something else
	strayCopy                 // a file below copies/ is no version's
	wrongAttributes
	damagedIndex
	pendingMark // files/ and the index are not up to date yet
)

// part is what of the destination a kind is about.
func (k kind) part() Part {
	switch k {
	case wrongCopy, strayCopy:
		return PartCopy
	case wrongFile, leftoverFile, wrongAttributes:
		return PartFile
	}
	return PartIndex
}

// isLeftover tells whether something is to be removed.
func (k kind) isLeftover() bool { return k == leftoverFile || k == leftoverEntry }

// suspect notes a finding, unless its version shares its place in files/ with another path's.
func (k *verify) suspect(kind kind, v record.Version, path, msg string, what refusal.Remedy) {
	if place, err := record.TreePath(&v.Record); err == nil && k.collisions[place] != "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.suspects = append(k.suspects, suspect{kind: kind, version: v, Finding: Finding{Part: kind.part(), Path: path, Object: v.Commit, Msg: msg, Remedy: what}})
}
