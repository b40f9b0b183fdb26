package refusal

import "timemachine/repo/git/object"

// Remedy says, as data, what a person can do about an error, a warning or a finding, or what the
// next run does by itself. The zero value is for nothing to do. Package main finds the words.
type Remedy struct {
	Kind   RemedyKind
	Dest   string // the destination's folder; set wherever a command works on the destination
	Path   string // the file or folder that the kind speaks of
	Branch string // full name: refs/heads/main

	Commit   object.ID // the commit to go back to
	Tip      object.ID // the commit that the branch is at
	Evidence Evidence  // what tells that the branch was at Commit
	NoFolder bool      // the folder of Path is missing
	Packed   string    // the damaged file packed-refs, "" where it is not damaged

	Remote     string // a remote: its name, or its URL without a password
	Host, Port string // where it is; Port may be empty
	User       string // at Host; may be empty

	Runs int  // number of runs
	Bare bool // the command is all that there is to say
}

// RemedyKind is one thing to do, or to expect. Each constant says which fields of the Remedy it
// uses.
type RemedyKind int

// Remedies for a destination that cannot be opened or made.
const (
	InitDestination RemedyKind = iota + 1 // make a destination; Dest
	// name another destination, mount it, or make it; Dest
	MountOrInitDestination
	NameOrInitDestination // name another destination, or make one
	ChooseDestination     // choose another destination
	NameFreeDestination   // name another destination, with a flag
	NameMainFolder        // name the folder that holds .git as a folder
	CloneAndAdopt         // clone the bare repository, and adopt the clone
	// choose another destination, or adopt this clone; Dest
	AdoptClone
	// choose another destination, or adopt a full clone
	AdoptFullClone
	ReadFullClone // read a full clone
	// update timemachine, or read the history with git; Dest
	UpdateProgram
	CheckOutBranch // check the history's branch out
	NameBranch     // name one of a remote's branches
	ListBranches   // list the branches that hold a history, and name one; Dest
	RunFirst       // let a run record the first versions
	FreeSpace      // free space on the destination's disk; Dest
	FreeInodes     // remove files from the destination's disk; Dest

	// Remedies for a damaged destination.

	RestoreSettings  // adopt the repository again, which writes its settings; Dest
	AdoptRenamed     // adopt the branch that is checked out, a renamed one; Dest
	InspectConfig    // look at git's configuration; Dest
	ReplaceConfig    // move git's configuration away, and adopt the repository again; Dest, Path
	RestoreObjects   // restore the folder of the objects from a clone; Path is .git
	CheckHistory     // look with git fsck; Dest, Bare
	IndexPack        // make a pack's idx again; Dest, Path is the pack without its suffix, Bare
	WriteBranchFile  // write the file of the branch; Commit, Evidence, Path, NoFolder, Packed
	ResetBranch      // move the branch back; Dest, Branch, Commit, Evidence
	ResetOrAdopt     // move the branch back, or adopt what it holds now; Dest, Branch, Commit, Tip
	WriteHead        // make HEAD name the branch again; Path is HEAD, Branch, Bare
	RewriteGraph     // let git write its commit-graph again; Dest
	RemoveBranchLock // remove the lock of the branch; Path is the lock
	RemoveIndexLock  // remove the lock of the index
	UnsplitIndex     // turn git's split index off; Dest
	UnsparseIndex    // turn git's sparse checkout off; Dest
	RepackAll        // let git pack everything again; Dest
	SetClock         // set the clock right

	// Remedies for what stands at the path of another file or folder.

	MoveAside         // move it away; versions are recorded without that; Path
	MoveAsideForRun   // move it away, so that the next run can make a folder or a lock; Path
	MoveAsideOfReflog // move it away, so that the next run can write the reflog; Path
	MoveCopyAway      // move away a file in copies/ that belongs to no version
	MoveAsideByRepair // let verify move it aside; Dest
	FindMovedFile     // it has another name now; Path

	// Remedies for files/, copies/ and what runs keep beside them.

	RebuildCopies    // write copies/ again; Dest, Bare
	RetryOrRebuild   // wait for the next run, or write copies/ again; Dest
	RepairFiles      // let verify write a file in files/; Dest
	VerifyFiles      // look for what a checkout has changed in files/; Dest
	VerifyPacks      // look at a pack that was merged and is left
	ShowVersion      // read the version from the history
	FindDamagedIndex // the damaged index is kept, with what was staged; Path
	WaitForGit       // wait until git's operation has ended
	WaitForRun       // wait until the run has ended
	RetryUnlocked    // do it again when the process that holds the lock has ended

	// Nothing to do, since a run does it.

	RunWritesAgain      // the run writes it from the history
	NextRunContinues    // the next run goes on from where the branch is now
	NextRunWritesReflog // the next run records versions when the reflog can be written
	NextRunRetries      // the next run tries again
	NextRunWrites       // the version is recorded, and the next run writes it to files/ or copies/
	NextRunRepairs      // the next run repairs it
	NextRunMakesCache   // the next run makes another cache

	// What it costs that a file of .git/timemachine is lost.

	PacksStayUnmerged   // packs are left to git gc
	HistoryIsCompared   // files/ and the index are compared with the whole history once
	ProjectionIsWritten // files/ and copies/ are written again where they may not be on disk
	SourcesAreReadOnce  // every source is read once
	CopiesNeedRebuild   // copies rebuild alone writes the copies that are missing
	CopiesAreReviewed   // every copy is looked at again by what is kept
	TipIsReadOnce       // the newest commit is read once
	SlowSourcesAreTried // what takes long to read is tried again
	LastRunIsUnknown    // the time of the last run is unknown
	LastGoodIsUnknown   // the time of the last good run is unknown
	RemoteIsAsked       // a remote is asked what it has, and a failure is told again

	// Remedies for a remote that cannot be pushed to.

	AddRemote        // add a remote to the repository; Dest, Remote
	SetRemoteURL     // give a remote another URL; Dest, Remote
	NameURL          // name the remote by its URL in the configuration
	PushBuiltin      // push without git
	PushWithGit      // push with git; Remote
	GiveKey          // let the host accept the user's key; Host, Port, User
	GivePassword     // store a valid password or token; Host
	GrantPush        // let the login push there, or use another one; Remote
	TrustHostKey     // accept the host's key; Host, Port
	ForgetHostKey    // forget the host's former key, and accept the new one; Host, Port
	TrustCertificate // install the certificate that signs the host's; Host
	TrustFolder      // let git trust a repository of another user's; Path
	AllowPrivate     // allow that files leave which not everybody may read; Remote
	ChooseBranch     // give this history a branch of its own, or another remote; Remote
	UseBareRemote    // push to a bare repository
	CorrectURL       // mount the disk of the repository, or correct the URL; Remote
	MakeRepository   // make the repository, or correct the URL; Remote
	TakeOut          // take a file that is too large out of the history, and push again; Remote
	PushAgain        // try again by hand, when the remote's reason is gone; Remote
	RaiseTimeout     // give an exchange more time; Remote

	// RemedyKinds is the first kind that this package leaves to others.
	RemedyKinds
)

// Evidence is what tells that the branch was at a commit.
type Evidence int

// What tells of a commit, from the reflog to a search among all that is stored.
const (
	InReflog      Evidence = iota + 1 // the newest entry of the reflog whose commit is whole
	RecordedByRun                     // the last run has noted it
	FoundWhole                        // a run has found it whole
	AboutToRecord                     // a run was about to move the branch to it
	NewestRecord                      // of the stored commits with a record it is the newest
)
