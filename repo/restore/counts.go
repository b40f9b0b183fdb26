package restore

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

// Counts counts the plan's steps: those of files and links, and those of folders. Parents are not
// among them.
func (p *Plan) Counts() (files, folders Counts) {
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

func (n *Counts) add(s *Step) {
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
	switch s.Action {
	case Create:
		n.Created++
	case Replace:
		n.Replaced++
	case Adjust:
		n.Metadata++
	case Keep:
		n.Unchanged++
	case Leave:
		n.Kept++
	case Remove:
		n.Removed++
	}
	if len(s.StillDiffers) > 0 {
		n.Differ++
	}
}
