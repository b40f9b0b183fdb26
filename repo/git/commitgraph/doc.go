// Package commitgraph writes and reads git's commit-graph: tables of commits, and for each commit a
// filter of the paths that it changes.
//
// With the tables git need not inflate each commit. By the filters `git log -- path` knows which
// commits it need not look at.
//
// # Nouns
//
// A layer is one file: a sorted list of commits with each one's tree, parents, date and filter. A
// chain is layers on top of each other, named in a file of its own. A commit is in one layer only,
// its parents in the same or a lower one. A position numbers the commits of a chain, lowest layer
// first. The single file (objects/info/commit-graph, which `git gc` writes) is a chain of one
// layer; where it exists, git reads no other.
//
// A filter is a Bloom filter of the paths in which a commit differs from its first parent, with
// their folders. It answers "certainly not" or "maybe". Git looks at a commit without a filter.
//
// # Invariants
//
//   - A filter never says "certainly not" of a path that changed, to any version of git. Versions
//     before 2.46 hash a path's bytes as signed numbers, and later ones may not. So a commit with a
//     byte over 127 in a changed path has no filter.
//   - A chain holds all ancestors of its commits. Every layer that timemachine writes has corrected
//     dates and filters. No layer names a commit that the repository does not hold at that moment.
//   - At a crash, and beside another git, git finds a graph that is right, or none. A layer is on
//     disk before the chain names it. The chain is replaced under git's own lock
//     (commit-graph-chain.lock), and only where no other program changed it meanwhile.
//   - A reader may meet any bytes: every count and offset is checked before use. Nothing is carried
//     over into a new layer from one whose checksum is wrong.
//
// # Layout
//
// After git's gitformat-commit-graph(5). All numbers are big-endian.
//
//	objects/info/commit-graph                      the single file
//	objects/info/commit-graphs/commit-graph-chain  the layers' names, lowest first, 40 digits and
//	                                               LF each
//	objects/info/commit-graphs/graph-<name>.graph  a layer; its name is its own checksum
//
//	header    "CGPH", version 1, hash 1 (SHA-1), number of chunks, number of layers below:
//	          4 + 4 × 1 byte
//	table     per chunk its 4-byte name and 8-byte offset; then a name of zeros and the end of
//	          the last one
//	OIDF      256 × 4 bytes: how many names begin with this byte or less
//	OIDL      names, 20 bytes each, sorted
//	CDAT      per commit: tree (20), first and second parent's positions (4 each, 0x70000000 for
//	          none), then 64 bits: level 30, date in seconds 34. Top bit of the second parent: an
//	          index into EDGE instead
//	EDGE      second to last parents of merges of three or more, 4 bytes each, top bit on the last
//	          one of a merge
//	GDA2      per commit 4 bytes: corrected date less date; top bit: an index into GDO2 instead
//	GDO2      differences of 2³¹ and more, 8 bytes each
//	BIDX      per commit 4 bytes: where its filter ends in BDAT, the header not counted
//	BDAT      version of the hash 1, hashes a path 7, bits an entry 10 (4 bytes each), filters
//	BASE      names of the layers below, lowest first, 20 bytes each
//	checksum  SHA-1 of all before it
//
// A level is one more than the highest level of the parents. A corrected date is the date, or one
// second after the latest corrected date of the parents where that is later. A filter of one byte
// is all zeros for a commit that changes no path, and all ones for more than 512 paths and folders.
package commitgraph
