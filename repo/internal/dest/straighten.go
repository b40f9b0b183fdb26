package dest

import (
	"timemachine/repo/durable"
	"timemachine/repo/record"
)

// MoveStrangersAside moves aside what has the place of files/ or copies/ and is no folder, and
// makes the folder again. Nothing is reached through it. Where that cannot be done it is said, and
// the history goes on without them.
func (r *Dest) MoveStrangersAside() {
	for _, name := range Projections {
		st, err := r.Folder.Lstat(name)
		if err != nil || st.IsDir() {
			continue
		}
		hint := "it is written again from the history"
		if name == "copies" {
			hint = "write them again with: " + r.RebuildCommand()
		}
		aside, err := durable.MoveAside(r.Folder, name)
		if err != nil {
			r.Opts.Warn(r.Folder.Path(name), "is no folder, and could not be moved aside: "+durable.Reason(err),
				"versions are recorded all the same; move it away with: mv "+record.ShellWord(r.Folder.Path(name))+" "+record.ShellWord(r.Folder.Path(name+".aside")))
			continue
		}
		if st, err := r.Folder.Lstat(aside); err == nil && st.IsDir() { // somebody put the folder back meanwhile
			if r.Folder.Rename(aside, r.Folder, name) == nil {
				continue
			}
		}
		msg := "is no folder, and was moved to " + record.Quote(aside)
		if err := makeClosed(r.Folder, name); err != nil {
			msg += "; the folder could not be made: " + durable.Reason(err)
		}
		r.Opts.Warn(r.Folder.Path(name), msg, hint)
	}
}

// RebuildCommand is the command that writes copies/ again.
func (r *Dest) RebuildCommand() string {
	return "timemachine copies rebuild -d " + record.ShellWord(r.Path)
}

// RepairCommand is the command that mends what lies beside the history.
func (r *Dest) RepairCommand() string {
	return "timemachine verify --repair -d " + record.ShellWord(r.Path)
}

// WriteHead is the command that makes HEAD name the branch again.
func (r *Dest) WriteHead() string {
	return "echo " + record.ShellWord("ref: "+r.Branch) + " > " + record.ShellWord(r.Git.Path("HEAD"))
}
