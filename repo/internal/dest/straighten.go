package repo

import (
	"timemachine/repo/durable"
	"timemachine/repo/record"
)

// straighten moves aside what has the place of files/ or copies/ and is no folder, and makes the folder again. Nothing is
// reached through it. Where that cannot be done it is said, and the history goes on without them.
func (r *destT) straighten() {
	for _, name := range projections {
		st, err := r.root.Lstat(name)
		if err != nil || st.IsDir() {
			continue
		}
		hint := "it is written again from the history"
		if name == "copies" {
			hint = "write them again with: " + r.rebuildCommand()
		}
		aside, err := durable.MoveAside(r.root, name)
		if err != nil {
			r.o.Warn(r.root.Path(name), "is no folder, and could not be moved aside: "+durable.Reason(err),
				"versions are recorded all the same; move it away with: mv "+record.ShellWord(r.root.Path(name))+" "+record.ShellWord(r.root.Path(name+".aside")))
			continue
		}
		if st, err := r.root.Lstat(aside); err == nil && st.IsDir() { // somebody put the folder back meanwhile
			if r.root.Rename(aside, r.root, name) == nil {
				continue
			}
		}
		msg := "is no folder, and was moved to " + record.Quote(aside)
		if err := makeClosed(r.root, name); err != nil {
			msg += "; the folder could not be made: " + durable.Reason(err)
		}
		r.o.Warn(r.root.Path(name), msg, hint)
	}
}

// rebuildCommand is the command that writes copies/ again.
func (r *destT) rebuildCommand() string {
	return "timemachine copies rebuild -d " + record.ShellWord(r.dest)
}

// repairCommand is the command that mends what lies beside the history.
func (r *destT) repairCommand() string {
	return "timemachine verify --repair -d " + record.ShellWord(r.dest)
}

// writeHead is the command that makes HEAD name the branch again.
func (r *destT) writeHead() string {
	return "echo " + record.ShellWord("ref: "+r.branch) + " > " + record.ShellWord(r.git.Path("HEAD"))
}
