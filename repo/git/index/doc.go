// Package index reads git's index and merges changes into it, bytes in and bytes out. The caller
// holds index.lock and renames the new file into place.
//
// # Nouns
//
// An index is a header, a table of entries, extensions and a checksum. An entry is one tracked path
// at one stage (0, or 1 to 3 while a merge is unresolved). It has a mode, a blob, and the stat data
// by which git skips the content. The cache tree (extension TREE) holds for each folder the tree
// that its entries make; git's write-tree, commit and status rely on it. A Change is one path to
// put in or to remove.
//
// # Invariants
//
//   - Entries that no Change touches keep every bit that git gives a meaning to: stage,
//     assume-valid, skip-worktree, intent-to-add and stat data.
//   - A path is never both a file and a folder: a Change that needs the name displaces what has it.
//   - A folder of the cache tree is valid in the result only if it was valid and nothing below it
//     changed, or if its tree, built again from the entries, has the name that the caller gives.
//     So a wrong claim of the caller costs git time, and never puts a wrong tree into a commit.
//   - Input that is damaged, or that only a newer git understands, is refused. No input makes the
//     package panic. Memory is in proportion to the input.
//
// # Layout
//
// After git's gitformat-index(5). All numbers are big-endian.
//
//	header     "DIRC", version (2, 3 or 4), number of entries: 4 bytes each
//	entry      ctime s, ctime ns, mtime s, mtime ns, dev, ino, mode, uid, gid, size: 4 bytes each
//	           20 bytes of object name
//	           2 bytes: assume-valid 1 bit, extended 1, stage 2, length of the name 12
//	           (0xfff: that or more)
//	           2 bytes if extended: reserved 1, skip-worktree 1, intent-to-add 1, unused 13
//	           name, then 1 to 8 NULs up to a multiple of 8 bytes
//	           version 4: how many bytes to drop from the previous name, what to add, one NUL,
//	           no padding
//	extension  4 bytes of signature, 4 bytes of size, content; may be ignored where the first
//	           letter is A to Z
//	checksum   SHA-1 of all before it, or zeros (index.skipHash)
//
//	TREE       per folder, parents first: name NUL count SP subfolders LF, 20 bytes of object
//	           name; a count of -1 marks a folder that is not valid and has no object name
//
// Entries are sorted by name as unsigned bytes, then by stage; subfolders in TREE by length, then
// bytes.
package index
