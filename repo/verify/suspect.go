package verify

import (
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// suspect is a finding in files/, copies/ or the index. It can vanish once no run is active any
// more, and a repair can remove it.
type suspect struct {
	Finding
	kind    kind
	version record.Version // zero for the kinds without a version
}

// kind is what is wrong with a suspect.
type kind int

const (
	wrongFile     kind = iota // files/ does not hold the newest version
	wrongEntry                // the index entry does not name the newest version
	leftoverFile              // a deleted source has a file in files/
	leftoverEntry             // or an index entry
	wrongCopy                 // a version's copy is missing or wrong
	strayCopy                 // a file below copies/ belongs to no version
	lostCopies                // copies/ as a whole is missing or empty
	wrongAttributes
	wrongXattr // a file of xattrs/, or its index entry, is missing or wrong
	damagedIndex
	pendingMark // files/ and the index are not up to date yet
)

// part is the part of the destination that a kind is about.
func (k kind) part() Part {
	switch k {
	case wrongCopy, strayCopy, lostCopies:
		return PartCopy
	case wrongFile, leftoverFile, wrongAttributes, wrongXattr:
		return PartFile
	}
	return PartIndex
}

// isLeftover tells whether a file or an entry is to be removed.
func (k kind) isLeftover() bool { return k == leftoverFile || k == leftoverEntry }

// suspect notes a finding, unless the version's path collides with another path in files/.
func (k *verify) suspect(kind kind, v record.Version, path, msg string, what refusal.Remedy) {
	if place, err := record.TreePath(&v.Record); err == nil && k.collisions[place] != "" {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.suspects = append(k.suspects, suspect{kind: kind, version: v, Finding: Finding{Part: kind.part(), Path: path, Object: v.Commit, Msg: msg, Remedy: what}})
}
