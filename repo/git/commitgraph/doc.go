// Package commitgraph writes and reads git's commit-graph: what git would else inflate every commit
// for, in tables, and for each commit a filter that tells `git log -- path` which commits it need
// not look at.
//
// # Nouns
//
// A layer is one file: a sorted list of commits with each one's tree, parents, date and filter. A
// chain is layers on top of one another, named in a file of its own; a commit stands in one layer
// only, its parents in the same or a lower one. A position numbers the commits of a chain, lowest
// layer first. The single file (objects/info/commit-graph, what `git gc` writes) is a chain of one
// layer, and git reads no other where it is.
//
// A filter is a Bloom filter of the paths in which a commit differs from its first parent, their
// folders included: it answers "certainly not" or "maybe". A commit may have none, and is then
// looked at.
//
// # Invariants
//
//   - A filter never says "certainly not" of a path that changed, to any version of git. Versions before 2.46 hash a
//     path's bytes as signed numbers and later ones may not, so a commit with a byte over 127 in a changed path has none.
//   - A chain holds all ancestors of its commits, every layer of ours has corrected dates and filters, and no commit
//     is named that the repository does not hold at that moment.
//   - Whatever moment a crash or another git comes at, git finds a graph that is right, or none. A layer is on disk
//     before the chain names it; the chain is replaced under git's own lock (commit-graph-chain.lock), and not where
//     somebody else changed it meanwhile.
//   - What is read may be anything: every count and offset is checked before use, and nothing is carried over into a
//     new layer from one whose checksum is wrong.
//
// # Layout
//
// After git's gitformat-commit-graph(5). All numbers are big-endian.
//
//	objects/info/commit-graph                              the single file
//	objects/info/commit-graphs/commit-graph-chain          the layers' names, lowest first, 40 digits and LF each
//	objects/info/commit-graphs/graph-<name>.graph          a layer; its name is its own checksum
//
//	header    "CGPH", version 1, hash 1 (SHA-1), number of chunks, number of layers below: 4 + 4 × 1 byte
//	table     per chunk its 4-byte name and 8-byte offset; then a name of zeros and where the last one ends
//	OIDF      256 × 4 bytes: how many names begin with this byte or less
//	OIDL      names, 20 bytes each, sorted
//	CDAT      per commit: tree (20), first and second parent's positions (4 each, 0x70000000 for none), then 64 bits:
//	          level 30, date in seconds 34. Top bit of the second parent: an index into EDGE instead
//	EDGE      second to last parents of merges of three or more, 4 bytes each, top bit on a merge's last
//	GDA2      per commit 4 bytes: corrected date less date; top bit: an index into GDO2 instead
//	GDO2      differences of 2³¹ and more, 8 bytes each
//	BIDX      per commit 4 bytes: where its filter ends in BDAT, the header not counted
//	BDAT      version of the hash 1, hashes a path 7, bits an entry 10 (4 bytes each), filters
//	BASE      names of the layers below, lowest first, 20 bytes each
//	checksum  SHA-1 of all before it
//
// A level is one more than the highest of the parents'; a corrected date is the date, or one more
// than the latest of the parents' corrected ones. A filter of one byte is all zeros for a commit
// that changes no path and all ones for more than 512 paths and folders.
package commitgraph
