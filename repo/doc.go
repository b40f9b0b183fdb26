// Package repo is the destination: an ordinary git repository that holds one commit per file
// version, and the two projections of it that lie beside it.
//
// Nouns. A source is a file on the machine, named by its absolute path. A version is one captured
// state of it; it is one commit, whose trailers are its record (package record). The tree holds the
// newest version of every source under files/ (package layout), and our .gitattributes. files/ and
// the index are the work tree's view of the recorded branch's tip; copies/ holds one plain file per
// version and is ignored by git.
//
// Invariants. The commits are the only truth: files/, copies/, the index and everything under
// .git/timemachine/ can be made again from them. The recorded branch (timemachine.branch in
// .git/config) is linear and moves once per batch, after the pack that it needs is on disk. A .keep
// file beside a new pack, which names the move it was made for, guards it until the branch has
// moved; .git/timemachine/pending names the commit that the work tree was last in step with, and is
// there whenever it may not be in step with the tip, or is so in memory alone
// (.git/timemachine/followed). Whoever finds either heals what was cut short.
//
// Only one process writes: it holds flock(2) on .git/timemachine/lock. Git's own locks are taken
// for what git also writes: the branch and the index.
//
// Layout of what is ours under .git, besides the files that gitrepository-layout(5) describes:
//
//	.git/timemachine/lock      flock(2) of the one writer
//	.git/timemachine/pending   40 hexadecimal digits: the commit files/ and the index were last in step with; zeros: none
//	.git/timemachine/followed  the boot and mount, and the commit, that files/ and copies/ have followed to in memory; disposable
//	.git/timemachine/cache     what the last run knew of each source (package watch); disposable
//	.git/timemachine/checked   the tip, and the files of the packs its commit and tree were read from; disposable
//	.git/timemachine/packs     the packs of ours, oldest first, one a line; others are never merged or removed
//	.git/timemachine/stage/    packs, files and locks being written; emptied at the start of each run
//	.git/timemachine/ran       its mtime is the end of the last run over everything; ran-well: of the last good one
//	.git/objects/pack/*.keep   "timemachine" and the two commits of a move under way, one a line; or "merge"
//	.git/objects/info/commit-graphs   git's commit-graph, in layers (package commitgraph); disposable
package repo
