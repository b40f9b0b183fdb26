// Package pack reads and checks the objects of a repository: git's packs with their idx, and loose
// objects.
//
// A pack is a file of objects: a header, entries, and a trailer. An entry is a header and a zlib
// stream. The stream of a whole entry holds an object; that of a delta entry holds the instructions
// that make the object from another one, its base. An idx lists the objects of a pack by name, with
// the CRC-32 and the offset of each entry.
//
// A Store reads files that anybody may have written. It checks every length and every offset before
// it uses them.
//
// Layouts, from git's Documentation/gitformat-pack (numbers are big-endian):
//
//	pack    "PACK", version 2 and number of objects (uint32 each), entries, trailer: the SHA-1
//	        of all that
//	entry   kind in bits 4-6 and size in bits 0-3 of the first byte; while the top bit is set,
//	        7 more bits of the size in each byte that follows. Then the base of a delta, and the
//	        zlib stream
//	base    OFS_DELTA (kind 6): the distance back to the base, groups of 7 bits, one added at each
//	        group but the last. REF_DELTA (kind 7): the base's name in 20 bytes
//	idx v2  "\377tOc", version 2, 256 cumulative counts by first byte, names, CRC-32s, offsets,
//	        64-bit offsets, the pack's trailer, the SHA-1 of all that. An offset with its top bit
//	        set is an index into the 64-bit offsets
//
// Package delta describes the instructions.
package pack
