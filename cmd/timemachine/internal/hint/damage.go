package hint

import (
	"fmt"
	"path/filepath"

	"timemachine/repo/refusal"
)

// repairing holds the advice on a damaged destination.
var repairing = adviceTable{
	refusal.RestoreSettings: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; write what is missing with: ", command: s.adopt(r.Dest)}
	},
	refusal.AdoptRenamed: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; if the branch was renamed, go on with the one that is checked out: ", command: s.adopt(r.Dest)}
	},
	refusal.InspectConfig: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; look at it with: ", command: Git(r.Dest, "config", "--local", "--list")}
	},
	refusal.ReplaceConfig: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; after a look at it, have another one written with: ",
			command: move(r.Path, ".damaged") + " && " + s.adopt(r.Dest)}
	},
	refusal.RestoreObjects: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; bring it back from a clone or a copy of the destination, and see what is left with: ",
			command: "ls -la " + ShellWord(r.Path)}
	},
	refusal.CheckHistory: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; look at it with: ", command: fsck(r.Dest)}
	},
	refusal.IndexPack: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "a pack has lost its idx; make it again with: ",
			command: "rm -f " + ShellWord(r.Path+".idx") + " && " + Git(r.Dest, "index-pack", ShellWord(r.Path+".pack"))}
	},
	refusal.WriteBranchFile: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: fmt.Sprintf("%s is %s; go back to it with: ", evidence[r.Evidence], r.Commit), command: writeBranchFile(r)}
	},
	refusal.ResetBranch: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: fmt.Sprintf("%s is %s; after a look at %s, go back to it with: ", evidence[r.Evidence], r.Commit, fsck(r.Dest)),
			command: Git(r.Dest, "update-ref", "--no-deref", ShellWord(r.Branch), r.Commit.String())}
	},
	refusal.ResetOrAdopt: func(s Speller, r refusal.Remedy) advice {
		back := Git(r.Dest, "update-ref", ShellWord(r.Branch), r.Commit.String())
		// files/ and the index went along
		return advice{lead: "to go back: ", command: back + " && " + s.repair(r.Dest),
			tail: fmt.Sprintf("; to go on with it as it is (at %s): %s", r.Tip.Short(), s.adopt(r.Dest))}
	},
	refusal.WriteHead: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "versions are recorded all the same; mend it with: ",
			command: "echo " + ShellWord("ref: "+r.Branch) + " > " + ShellWord(r.Path)}
	},
	refusal.RewriteGraph: func(_ Speller, r refusal.Remedy) advice {
		return advice{command: Git(r.Dest, "-c", "commitGraph.generationVersion=2", "commit-graph", "write", "--reachable", "--changed-paths")}
	},
	refusal.RemoveBranchLock: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was recorded; if no git is at work there, remove the lock: ", command: "rm " + ShellWord(r.Path)}
	},
	refusal.UnsplitIndex: func(_ Speller, r refusal.Remedy) advice {
		return advice{command: Git(r.Dest, "update-index", "--no-split-index")}
	},
	refusal.UnsparseIndex: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "versions are recorded all the same; files/ and the index are brought up to date after: ", command: Git(r.Dest, "sparse-checkout", "disable")}
	},
	refusal.RepackAll: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "let git do it, which takes that index away: ", command: Git(r.Dest, "repack", "-ad")}
	},
}

// evidence holds the words for what tells that the branch was at a commit.
var evidence = map[refusal.Evidence]string{
	refusal.InReflog:      "the reflog's last good commit",
	refusal.RecordedByRun: "the last commit that a run has recorded",
	refusal.FoundWhole:    "the newest commit that a run has found whole",
	refusal.AboutToRecord: "the commit that a run was about to record",
	refusal.NewestRecord:  "the newest commit with a record of timemachine's",
}

// fsck is the command that checks the history.
func fsck(dest string) string { return Git(dest, "fsck", "--full") }

// writeBranchFile is the command that puts the branch at a commit where git finds no repository.
func writeBranchFile(r refusal.Remedy) string {
	command := "echo " + r.Commit.String() + " > " + ShellWord(r.Path)
	if r.NoFolder {
		command = "mkdir -p " + ShellWord(filepath.Dir(r.Path)) + " && " + command
	}
	if r.Packed != "" {
		command = move(r.Packed, ".damaged") + " && " + command
	}
	return command
}
