// Package index reads git's index and merges changes of our own into it, bytes in and bytes out:
// who holds index.lock and puts the new file in place is the caller's affair.
//
// # Nouns
//
// An index is a header, a table of entries, extensions and a checksum. An entry is one tracked path
// at one stage (0, or 1 to 3 while a merge is unresolved) with its mode, its blob and the stat data
// that lets git skip the content. The cache tree (extension TREE) remembers for each folder which
// tree object its entries make; git's write-tree, commit and status believe it without looking. A
// Change is one path we put in or take out.
//
// # Invariants
//
//   - Entries that no Change touches keep every bit git gives a meaning to: stage, assume-valid, skip-worktree,
//     intent-to-add and stat data.
//   - A path is never both a file and a folder: a Change that needs the name displaces whatever stood there.
//   - A folder of the cache tree is valid in the result only if it was valid and nothing below it changed, or if its
//     tree, built again from the entries, has exactly the name the caller says the commit has. So a wrong claim of the
//     caller costs git time, and never puts a wrong tree into somebody's commit.
//   - Input that is damaged, or that only a newer git understands, is refused. No input makes the package panic, and
//     memory stays in proportion to the input.
//
// # Layout
//
// After git's gitformat-index(5). All numbers are big-endian.
//
//	header     "DIRC", version (2, 3 or 4), number of entries: 4 bytes each
//	entry      ctime s, ctime ns, mtime s, mtime ns, dev, ino, mode, uid, gid, size: 4 bytes each
//	           20 bytes of object name
//	           2 bytes: assume-valid 1 bit, extended 1, stage 2, length of the name 12 (0xfff: that or more)
//	           2 bytes if extended: reserved 1, skip-worktree 1, intent-to-add 1, unused 13
//	           name, then 1 to 8 NULs up to a multiple of 8 bytes
//	           version 4: how many bytes to drop from the previous name, what to add, one NUL, no padding
//	extension  4 bytes of signature, 4 bytes of size, content; a first letter A to Z may be ignored
//	checksum   SHA-1 of all before it, or zeros (index.skipHash)
//
//	TREE       per folder, parents first: name NUL count SP subfolders LF, then 20 bytes of object name;
//	           a count of -1 marks a folder that is not valid and has no object name
//
// Entries are sorted by name as unsigned bytes, then by stage; subfolders in TREE by length, then
// bytes.
package index
