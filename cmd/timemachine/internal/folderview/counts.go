package folderview

import (
	"slices"

	"timemachine/repo/restore"
)

// Counts is how many steps of a plan are of each kind: before Write, of what it would do.
type Counts struct {
	Created   int
	Replaced  int
	Metadata  int // only mode, owner, attributes or mtime were set
	Unchanged int
	Kept      int // they exist and differ, and Options.Overwrite spares them
	Removed   int
	Failed    int // not restored
	Waiting   int // of a plan that is not carried out: Step.ClosedIn is set
	Differ    int // of those that were written: they still differ from their version
}

// Count counts a plan's steps: those of files and links, and those of folders. Parents are not
// among them.
func Count(p *restore.Plan) (files, folders Counts) {
	for i := range p.Steps {
		s := &p.Steps[i]
		if s.Folder {
			folders.add(s)
		} else {
			files.add(s)
		}
	}
	return files, folders
}

func (n *Counts) add(s *restore.Step) {
	switch {
	case s.ClosedIn == s.Target: // whose own step is counted
		return
	case s.ClosedIn != "":
		n.Waiting++
		return
	case s.Err != nil:
		n.Failed++
		return
	}
	switch deed(s) {
	case restore.Create:
		n.Created++
	case restore.Replace:
		n.Replaced++
	case restore.Adjust:
		n.Metadata++
	case restore.Keep:
		n.Unchanged++
	case restore.Leave:
		n.Kept++
	case restore.Remove:
		n.Removed++
	}
	if len(s.StillDiffers) > 0 {
		n.Differ++
	}
}

// deed is the action of a step as people see it. A file whose metadata alone differs is changed,
// also where a new file has to take its place for that.
func deed(s *restore.Step) restore.Action {
	changes := func(what string) bool { return what == "content" || what == "kind" || what == "links" }
	if s.Action == restore.Replace && len(s.Differs) > 0 && !slices.ContainsFunc(s.Differs, changes) {
		return restore.Adjust
	}
	return s.Action
}
