package hint

import (
	"os"
	"path/filepath"
	"strconv"

	"timemachine/repo/durable"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
	"timemachine/watch/scan"
)

// advice is what a hint says: a sentence around a command. A hint without a command has only lead.
type advice struct {
	lead    string
	command string
	tail    string
}

// adviceTable gives for each kind of remedy the function that makes its advice.
type adviceTable = map[refusal.RemedyKind]func(Speller, refusal.Remedy) advice

// tables are searched for the kinds that are not among the sentences. No kind is in two of them.
var tables = []adviceTable{opening, repairing, moving, projecting, watching, pushing}

// Words is the hint for a remedy; "" where there is nothing to do.
func (s Speller) Words(r refusal.Remedy) string {
	a := s.advise(r)
	s.Spelled.Add(a.command)
	if r.Bare {
		return a.command
	}
	return a.lead + a.command + a.tail
}

// advise finds the advice for a remedy.
func (s Speller) advise(r refusal.Remedy) advice {
	if text, ok := sentences[r.Kind]; ok {
		return advice{lead: text}
	}
	for _, table := range tables {
		if spell, ok := table[r.Kind]; ok {
			return spell(s, r)
		}
	}
	return advice{}
}

// sentences holds the hints that are the same in every destination.
var sentences = map[refusal.RemedyKind]string{
	refusal.ChooseDestination:   "choose another destination",
	refusal.NameFreeDestination: "choose another destination with -d",
	refusal.NameMainFolder:      "name the repository's main folder with -d",
	refusal.NameBranch:          "name one with --branch",
	refusal.ReadFullClone:       "read a full clone of it: git clone --no-shared",
	refusal.CheckOutBranch:      "git checkout the history's branch first",
	refusal.RemoveIndexLock:     "versions are recorded all the same; if no git is at work, remove the lock",
	refusal.SetClock:            "set it right if it is wrong; git log --since-as-filter reads past this",
	refusal.MoveCopyAway:        "it is left as it is: move it away",
	refusal.WaitForGit:          "versions are recorded all the same; they follow when that has ended",
	refusal.WaitForRun:          "a run is at work: look again when it has ended",
	refusal.RetryUnlocked:       "try again when that process has ended",

	refusal.RunWritesAgain:      "it is written again from the history",
	refusal.NextRunContinues:    "the next run takes it up",
	refusal.NextRunWritesReflog: "nothing was recorded; the next run does it when that file can be written",
	refusal.NextRunRetries:      "the next run tries again",
	refusal.NextRunWrites:       "the version is recorded; the next run tries again",
	refusal.NextRunRepairs:      "the next run sees to it",
	refusal.NextRunMakesCache:   "the next run makes another",

	refusal.PacksStayUnmerged:   "packs that are there now are no longer merged by timemachine; git gc does it",
	refusal.HistoryIsCompared:   "files/ and the index are compared with the whole history once",
	refusal.ProjectionIsWritten: "files/ and copies/ are written again where that may not be on disk",
	refusal.SourcesAreReadOnce:  "every watched file is read again once",
	refusal.CopiesNeedRebuild:   "copies that were left out for want of room are written by copies rebuild alone",
	refusal.CopiesAreReviewed:   "all copies are looked at once again, where not all are kept",
	refusal.TipIsReadOnce:       "the newest commit is read again",
	refusal.SlowSourcesAreTried: "what takes long to read is tried again",
	refusal.LastRunIsUnknown:    "when the last run was is not known",
	refusal.LastGoodIsUnknown:   "when the last good run was is not known",
	refusal.RemoteIsAsked:       "a remote is asked again what it has, and why it cannot be pushed to is told again",

	scan.FreeSpaceOrLimitSize: "the next run tries again; make room there, or leave large files out with max-size",
	scan.LimitSize:            "max-size in the configuration leaves large files out",
	scan.CopiesWaitForSpace:   "the history goes on; a run makes up for the copies when there is room again",
	scan.ChangesAreReadAgain:  "the next run reads every file that changed again",
	scan.PacksAreMergedLater:  "the history is whole; packs are merged another time",
	scan.ReadTimeInRecord:     "its commit bears the nearest date; the record and its copy have the true time",
}

// opening holds the advice on a destination that cannot be opened or made.
var opening = adviceTable{
	refusal.InitDestination: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "make one with: ", command: s.init(r.Dest)}
	},
	refusal.MountOrInitDestination: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "name the destination with -d, mount it, or make it with: ", command: s.init(r.Dest)}
	},
	refusal.NameOrInitDestination: func(s Speller, _ refusal.Remedy) advice {
		return advice{lead: "name the destination with -d; ", command: s.Command("init"), tail: " makes one"}
	},
	refusal.CloneAndAdopt: func(s Speller, _ refusal.Remedy) advice {
		return advice{lead: "clone it, and take the clone over with: ", command: s.Command("init", "--adopt", "-d", "CLONE")}
	},
	refusal.AdoptClone: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "choose another destination; a clone of a history is taken over with: ", command: s.adopt(r.Dest)}
	},
	refusal.UpdateProgram: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "update timemachine; the history can be read with: ", command: s.Git(r.Dest, "log")}
	},
	refusal.AdoptFullClone: func(s Speller, _ refusal.Remedy) advice {
		return advice{lead: "choose another destination, or take over a full clone of it: git clone --no-shared, then ",
			command: s.Command("init", "--adopt")}
	},
	refusal.ListBranches: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "name one with -b; they are listed by: ", command: s.Command("hosts", "-d", ShellWord(r.Dest))}
	},
	refusal.RunFirst: func(s Speller, _ refusal.Remedy) advice {
		return advice{command: s.Command("run"), tail: " takes the first ones of what is watched"}
	},
	refusal.FreeSpace: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing more was recorded; make room, and the next run does it: ", command: "df -h " + ShellWord(r.Dest)}
	},
	refusal.FreeInodes: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing more was recorded; remove files from that disk, and the next run does it: ", command: "df -i " + ShellWord(r.Dest)}
	},
}

// moving holds the advice on what stands at the path of another file or folder.
var moving = adviceTable{
	refusal.MoveAside: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "versions are recorded all the same; move it away with: ", command: s.moveAside(r, ".aside")}
	},
	refusal.MoveAsideForRun: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was recorded; the next run makes it when it is moved away with: ", command: s.moveAside(r, ".aside")}
	},
	refusal.MoveAsideOfReflog: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "nothing was recorded; the next run does it when that is moved away with: ", command: s.moveAside(r, ".aside")}
	},
	refusal.MoveAsideByRepair: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "the version is recorded; what is in its way is moved aside by: ", command: s.repair(r.Dest)}
	},
	refusal.FindMovedFile: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "that is " + record.Quote(r.Path) + " now"}
	},
}

// projecting holds the advice on files/, copies/ and the index.
var projecting = adviceTable{
	refusal.RebuildCopies: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "write them again with: ", command: s.rebuild(r.Dest)}
	},
	refusal.RetryOrRebuild: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "the next run tries again, as does: ", command: s.rebuild(r.Dest)}
	},
	refusal.RepairFiles: func(s Speller, r refusal.Remedy) advice {
		return advice{command: s.repair(r.Dest), tail: " writes it"}
	},
	refusal.VerifyFiles: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "what a git checkout has changed in files/ since is found by: ", command: s.Command("verify", "-d", ShellWord(r.Dest))}
	},
	refusal.VerifyPacks: func(s Speller, _ refusal.Remedy) advice {
		return advice{lead: "look at it with: ", command: s.Command("verify")}
	},
	refusal.ShowVersion: func(s Speller, _ refusal.Remedy) advice {
		return advice{lead: "it is recorded: git show, and ", command: s.Command("show"), tail: ", have it"}
	},
	refusal.FindDamagedIndex: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "what was staged by hand is left out; the damaged one is kept as " + record.Quote(r.Path)}
	},
}

// watching holds the advice on the watch list and its sources.
var watching = adviceTable{
	scan.AcceptDeletions: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "if they are deleted: ", command: s.Command("run", "--accept-deletions", ShellWord(r.Path))}
	},
	scan.StopWatching: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "to stop watching it: ", command: s.Command("remove", ShellWord(r.Path))}
	},
	scan.ChangeExclusions: func(s Speller, _ refusal.Remedy) advice {
		return advice{lead: "change the exclusions with: ", command: s.Command("config", "edit")}
	},
	scan.RecordAlone: func(s Speller, r refusal.Remedy) advice {
		return advice{lead: "to record it now, however long that takes: ", command: s.Command("add", ShellWord(r.Path))}
	},
	scan.NextRunReadsAgain: func(_ Speller, r refusal.Remedy) advice {
		return advice{lead: "the next run tries again; after " + strconv.Itoa(r.Runs) + " such runs it is stored as read"}
	},
}

// init is the command that makes a destination, and the folders above it that are missing.
func (s Speller) init(dest string) string {
	command := s.Command("init", "-d", ShellWord(dest))
	if parent := filepath.Dir(dest); isMissing(parent) {
		command = "mkdir -p " + ShellWord(parent) + " && " + command
	}
	return command
}

// isMissing tells whether there is certainly nothing at a path.
func isMissing(path string) bool {
	_, err := os.Lstat(path)
	return durable.IsMissing(err)
}

func (s Speller) adopt(dest string) string {
	return s.Command("init", "--adopt", "-d", ShellWord(dest))
}
func (s Speller) rebuild(dest string) string {
	return s.Command("copies", "rebuild", "-d", ShellWord(dest))
}
func (s Speller) repair(dest string) string {
	return s.Command("verify", "--repair", "-d", ShellWord(dest))
}

// moveAside is the command that gives a file or folder of the destination another name.
func (s Speller) moveAside(r refusal.Remedy, ending string) string {
	return s.inDest(r.Dest, func(n names) string { return move(n, r.Path, ending) }, r.Path)
}
