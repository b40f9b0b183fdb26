// Package pack reads and checks the objects of a repository: git's packs with their idx, and loose
// objects.
//
// A pack is a file of objects: a header, entries, and the SHA-1 of all before it. An entry is a
// header (kind and inflated size) and a zlib stream; a delta entry names a base and holds the
// instructions that make its object from the base's bytes. An idx lists a pack's objects in order
// of their names, with the CRC-32 and offset of each entry.
//
// What a Store reads may be anything: every length and offset is checked before use.
//
// Layouts, from git's Documentation/gitformat-pack:
//
//	pack    "PACK", version 2, object count (big-endian uint32 each), entries, SHA-1 of all that
//	entry   kind in bits 4-6 and size in bits 0-3 of the first byte, 7 more bits of size in each that follows while the
//	        top bit is set; OFS_DELTA (kind 6) then has the distance back to its base, big-endian groups of 7 bits,
//	        one added at each group but the last; REF_DELTA (kind 7) the base's 20-byte name; then the zlib stream
//	idx v2  "\377tOc", version 2, 256 cumulative counts by first byte, names, CRC-32s, offsets (top bit: index into
//	        the 64-bit offsets that follow), SHA-1 of the pack (its trailer), SHA-1 of the idx
package pack
