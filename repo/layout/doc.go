// Package layout turns a source's path into the places where the destination keeps it, and back. It
// is pure: it looks at names only, never at a disk.
//
// # Nouns
//
// A source is a file, named by its absolute path. Its tree path is where git tracks the newest
// version: "files" followed by the path. Its copies folder holds one plain file per version:
// "copies" followed by the path; a copy's name is the version's stamp, a suffix where one stamp
// occurs twice, and the source's last component. A component is what lies between two slashes.
// Names are bytes: nothing here assumes UTF-8.
//
// # Invariants
//
//   - Two sources never share a tree path or a copies folder; two versions that differ in stamp or suffix never share a
//     copy's path; no copy's path is a copies folder or lies on the way to one. (Where names had to be shortened, this
//     rests on 64 bits of SHA-256.)
//   - A tree path passes git's fsck and its checkout, on any system's settings of core.protectHFS and core.protectNTFS.
//   - An ordinary component is kept as it is.
//
// # Escape
//
// A component is escaped if git would take it for one of its own names, or if it could be taken for
// an escaped one: it begins with a percent sign and two hexadecimal digits, or with "%~". Then its
// first byte is written as a percent sign and two upper-case hexadecimal digits, and so is every
// further percent sign and backslash. So an escaped component always begins with %XX, and one left
// alone never does.
//
//	.git          %2Egit
//	%2Egit        %252Egit
//	back\.git     %62ack%5C.git
//	100%.txt      100%.txt
//
// What git takes for its own names follows git's verify_path (read-cache.c), fsck_tree (fsck.c),
// is_ntfs_dotgit and is_ntfs_dot_generic (path.c), and is_hfs_dotgit (utf8.c), rounded up: all
// rules are applied together, whatever the system. See dangerous.
//
// # Shortening
//
// A component of more than 255 bytes, most often by its escapes, is written
//
//	%~ <16 hexadecimal digits of its SHA-256> ~ <its beginning>
//
// where the beginning has percent signs and backslashes escaped and ends before the rune that would
// not fit. The source of such a path is known from its record only.
//
// # Copies
//
//	copies/etc/hosts/2026-11-23T04-48-12.174276Z-hosts
//	copies/etc/hosts/2026-11-23T04-48-12.174276Z~1-hosts
//
// A source's folder may hold, beside its own copies, the folders of other sources: those of the
// days when its path was a directory. Hence a folder component that begins as a copy's name does is
// escaped as well.
package layout
