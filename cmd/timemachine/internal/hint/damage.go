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
	refusal.InspectConfig: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; look at it with: ", command: s.Git(r.Dest, "config", "--local", "--list")}
	},
	refusal.ReplaceConfig: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; after a look at it, have another one written with: ",
			command: s.moveAside(r, ".damaged") + " && " + s.adopt(r.Dest)}
	},
	refusal.RestoreObjects: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; bring it back from a clone or a copy of the destination, and see what is left with: ",
			command: s.inDest(r.Dest, func(n names) string { return "ls -la " + n.word(r.Path) }, r.Path)}
	},
	refusal.CheckHistory: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was changed; look at it with: ", command: s.fsck(r.Dest)}
	},
	refusal.IndexPack: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "a pack has lost its idx; make it again with: ",
			command: s.inDest(r.Dest, func(n names) string {
				return "rm -f " + n.word(r.Path+".idx") + " && " + n.git("index-pack", n.word(r.Path+".pack"))
			}, r.Path)}
	},
	refusal.WriteBranchFile: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: fmt.Sprintf("%s is %s; go back to it with: ", evidence[r.Evidence], r.Commit), command: s.writeBranchFile(r)}
	},
	refusal.ResetBranch: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: fmt.Sprintf("%s is %s; after a look at %s, go back to it with: ", evidence[r.Evidence], r.Commit, s.fsck(r.Dest)),
			command: s.Git(r.Dest, "update-ref", "--no-deref", ShellWord(r.Branch), r.Commit.String())}
	},
	refusal.ResetOrAdopt: func(s Speller, r refusal.Remedy) advice {
		back := s.Git(r.Dest, "update-ref", ShellWord(r.Branch), r.Commit.String())
		// files/ and the index went along
		return advice{lead: "to go back: ", command: back + " && " + s.repair(r.Dest),
			tail: fmt.Sprintf("; to go on with it as it is (at %s): %s", r.Tip.Short(), s.adopt(r.Dest))}
	},
	refusal.WriteHead: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "versions are recorded all the same; mend it with: ",
			command: s.inDest(r.Dest, func(n names) string {
				return "echo " + ShellWord("ref: "+r.Branch) + " > " + n.word(r.Path)
			}, r.Path)}
	},
	refusal.RewriteGraph: func(s Speller, r refusal.Remedy) advice {
		return advice{command: s.Git(r.Dest, "-c", "commitGraph.generationVersion=2", "commit-graph", "write", "--reachable", "--changed-paths")}
	},
	refusal.RemoveBranchLock: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was recorded; if no git is at work there, remove the lock: ", command: s.inDest(r.Dest, func(n names) string { return "rm " + n.word(r.Path) }, r.Path)}
	},
	refusal.UnsplitIndex: func(s Speller, r refusal.Remedy) advice {
		return advice{command: s.Git(r.Dest, "update-index", "--no-split-index")}
	},
	refusal.UnsparseIndex: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "versions are recorded all the same; files/ and the index are brought up to date after: ", command: s.Git(r.Dest, "sparse-checkout", "disable")}
	},
	refusal.RepackAll: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "let git do it, which takes that index away: ", command: s.Git(r.Dest, "repack", "-ad")}
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
func (s Speller) fsck(dest string) string { return s.Git(dest, "fsck", "--full") }

// writeBranchFile is the command that puts the branch at a commit where git finds no repository.
func (s Speller) writeBranchFile(r refusal.Remedy) string {
	paths := []string{r.Path}
	if r.Packed != "" {
		paths = append(paths, r.Packed)
	}
	return s.inDest(r.Dest, func(n names) string {
		command := "echo " + r.Commit.String() + " > " + n.word(r.Path)
		if r.NoFolder {
			command = "mkdir -p " + n.word(filepath.Dir(r.Path)) + " && " + command
		}
		if r.Packed != "" {
			command = move(n, r.Packed, ".damaged") + " && " + command
		}
		return command
	}, paths...)
}
