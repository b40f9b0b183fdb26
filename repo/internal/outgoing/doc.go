// Package outgoing finds the objects that a remote lacks, and writes them as a pack.
//
// Find walks from a tip back to a commit that the remote has, and compares the tree of each commit
// on the way with that of its parent. What a commit has beside its parent is what the remote lacks.
// It keeps names only, never contents.
//
// The commits along first parents are the line. A batch is a stretch of the line, with the commits
// that its merges bring in. When a batch has arrived, the remote's branch can move to its end.
//
// WritePack copies the entries of the repository's packs as they are: nothing is compressed again.
// It compares each with the CRC-32 in its idx, and each object that it makes with its name, so that
// damage ends the pack without its trailer. The deltas of a pack stand on objects of the same pack,
// before or after them in the batch's packs, or on objects that the remote has: the pack is thin. A
// delta on any other object is made again, on the version before.
package outgoing
