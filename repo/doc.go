// Package repo is the destination: an ordinary git repository with one commit per file version.
//
// [Init] makes one and [Adopt] takes over a clone. [Open] opens one, [Repo.Lock] gives the [Writer]
// that alone may change it, and [Writer.Begin] a [Tx]: it takes versions, and [Tx.Publish] makes
// them part of the history. Package history reads, package restore brings versions back, package
// verify checks.
//
// # Nouns
//
// A source is a file on the machine, named by its absolute path. A version is one captured state of
// it: one commit, whose trailers are its record (package record). The tree holds the newest version
// of every source under files/ (package layout), and timemachine's .gitattributes. files/ and the
// index are the work tree of the recorded branch's tip. copies/ holds one plain file per version,
// and git ignores it.
//
// # Invariants
//
// The commits are the only truth. files/, copies/, the index and everything in .git/timemachine can
// be made again from them. The recorded branch (timemachine.branch in .git/config) is linear. It
// moves once per batch, after the pack that it needs is on disk. A .keep file beside a new pack
// guards the pack until the branch has moved, and names that move; that of a part of a run, until
// the run ends, since its pack has contents that no commit names yet. The file pending names the
// commit that files/ and the index were last up to date with. It exists whenever they may be behind
// the tip, or are up to date in memory only. A process that finds either file recovers the
// interrupted update.
//
// One process writes at a time: it holds flock(2) on .git/timemachine/lock. It also takes git's own
// locks of the branch and the index, which git writes too.
//
// # Files below .git
//
// Beside what gitrepository-layout(5) describes:
//
//	.git/timemachine/lock      flock(2) of the one writer
//	.git/timemachine/pending   the commit that files/ and the index were last up to date with, 40
//	                           hexadecimal digits; zeros: none
//	.git/timemachine/followed  the boot, the mount and the commit that files/ and copies/ are up
//	                           to date with in memory; disposable
//	.git/timemachine/mounts    the boot in which the destination was seen on several mounts
//	.git/timemachine/owed      the commit from which on copies are missing for lack of free space
//	.git/timemachine/unwritten what could not be written beside the history; each run tries again
//	.git/timemachine/cache     what the last run saw of each source (package scan); disposable
//	.git/timemachine/checked   the tip, and the files of the packs that its commit and tree were
//	                           read from; disposable
//	.git/timemachine/packs     timemachine's packs, oldest first, one per line; no other pack is
//	                           merged or removed
//	.git/timemachine/stage/    what is in the making; emptied at the start of each run
//	.git/timemachine/ran       its mtime is the end of the last run over every entry
//	.git/timemachine/ran-well  its mtime is that of the last one that left nothing out
//	.git/objects/pack/*.keep   "timemachine" and the two commits of a move in progress, one per
//	                           line; or "merge", or "part" of a run that goes on
//	.git/objects/info/commit-graphs   git's commit-graph, in layers; disposable
package repo
