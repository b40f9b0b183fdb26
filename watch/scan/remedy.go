package scan

import "timemachine/repo/refusal"

// What a person can do about a run's problems, or what the next run does by itself, beside the
// remedies of package refusal. Each constant says which fields of the Remedy it uses.
const (
	// AcceptDeletions accepts the deletions that are held back; Path.
	AcceptDeletions      = refusal.RemedyKinds + iota
	StopWatching         // take it off the watch list; Path is as listed
	FreeSpaceOrLimitSize // free space, or leave large files out
	LimitSize            // leave large files out
	CopiesWaitForSpace   // a run writes the copies when space is free again
	NextRunReadsAgain    // the next run tries again, and stores it as read after Runs runs
	ChangesAreReadAgain  // the next run reads again what has changed
	PacksAreMergedLater  // a later run merges the packs
	RecordAlone          // a run over it alone records it; Path
	ReadTimeInRecord     // the record has the time that the commit's date cannot say
	ChangeExclusions     // change the exclusions of the configuration

	// RemedyKinds is one more than the last kind.
	RemedyKinds
)
