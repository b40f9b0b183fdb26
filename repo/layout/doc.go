// Package layout turns a source's path into the places where the destination keeps it, and back. It
// is pure: it uses names only, never a disk.
//
// # Nouns
//
// A source is a file, named by its absolute path. Its tree path is where git tracks the newest
// version: "files" and the path. Its copies folder holds one plain file per version: "copies" and
// the path. A copy's name is the version's stamp, a suffix where one stamp occurs twice, and the
// source's last component. A component is what stands between two slashes. Names are bytes: nothing
// here assumes UTF-8.
//
// # Invariants
//
//   - Two sources never share a tree path or a copies folder. Two versions that differ in stamp or
//     suffix never share a copy's path. No copy's path is a copies folder, or lies on the way to
//     one.
//     (For shortened names, this rests on 64 bits of SHA-256.)
//   - A tree path passes git's fsck and its checkout, with all settings of core.protectHFS and
//     core.protectNTFS.
//   - An ordinary component stays as it is.
//
// # Escape
//
// Three kinds of components are escaped: those that git would take for its own names and refuse;
// in tree paths, those that git reads by itself from a work tree (HEAD, .gitignore); and those that
// look escaped already, with "%~" or a percent sign and two hexadecimal digits at the start. The
// first byte becomes a percent sign and two upper-case hexadecimal digits, and so does every
// further percent sign and backslash. So an escaped component always begins with %XX, and no other
// does.
//
//	.git          %2Egit
//	HEAD          %48EAD
//	%2Egit        %252Egit
//	back\.git     %62ack%5C.git
//	100%.txt      100%.txt
//
// Git's own names are those of git's verify_path (read-cache.c), fsck_tree (fsck.c), is_ntfs_dotgit
// and is_ntfs_dot_generic (path.c), and is_hfs_dotgit (utf8.c). All these rules hold together,
// whatever the system. See dangerous and readByGit.
//
// # Shortening
//
// A component of more than 255 bytes, mostly because of its escapes, becomes
//
//	%~ <16 hexadecimal digits of its SHA-256> ~ <its beginning>
//
// The beginning has its percent signs and backslashes escaped, and ends before the first rune that
// does not fit. Only its record tells the source of such a path.
//
// # Copies
//
//	copies/etc/2026-11-23T04-48-12.174276Z-hosts
//	copies/etc/2026-11-23T04-48-12.174276Z~1-hosts
//
// The copies of all sources in a folder lie side by side, beside the folders for those below. So a
// component of a folder that begins as a copy's name is escaped, too.
package layout
