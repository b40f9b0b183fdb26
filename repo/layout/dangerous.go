package layout

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// dangerous tells whether git, on any system, might take the component for .git, .gitmodules or
// .gitattributes. Git's fsck and checkout refuse such names, and a .gitattributes would change what
// later checkouts write. In doubt it is true, because an escape is reversible. Names that only
// begin so (.github, .gitconfig) are not dangerous.
func dangerous(name string) bool {
	refused, _ := meaningToGit(name)
	return refused
}

// readByGit tells whether git, on any system, might take the component for one of the files that it
// reads by itself where it finds them in a work tree:
//
//   - HEAD makes a folder a repository, if folders objects and refs lie beside it, or a file
//     commondir leads to a folder with these. Git looks for that in the folder that it is called in
//     and in all above, and then runs the programs that the configuration there names. No folder is
//     taken for a repository without a HEAD or a .git (is_git_directory and
//     setup_git_directory_gently_1 in setup.c).
//   - .gitignore hides files from git status and git add, and a pattern can take hours to match
//     (dir.c).
//
// Other names mean something to git only at the top of a work tree, where no source is:
// .mailmap, .gitmodules. Or only where a configuration names them: .git-blame-ignore-revs.
func readByGit(name string) bool {
	_, read := meaningToGit(name)
	return read
}

// meaningToGit tells whether a component is dangerous, and whether it is read by git. Windows reads
// a backslash as a slash, so each part between backslashes counts.
func meaningToGit(name string) (refused, read bool) {
	for more := true; more; {
		var part string
		part, name, more = strings.Cut(name, `\`)
		if !suspect(part) {
			continue
		}
		var buf [64]byte
		b := fold(buf[:0], part)
		refused = refused || reserved(b)
		read = read || string(b) == "head" || string(b) == ".gitignore" || isShortName(b, "gitign", "gi250a")
	}
	return refused, read
}

// suspect is a quick check that nearly all names fail: the names in question begin with one of six
// characters, or with one that HFS+ ignores.
func suspect(part string) bool {
	if part == "" {
		return false
	}
	switch c := part[0]; c {
	case '.', 'g', 'G', '~', 'h', 'H':
		return true
	default:
		return c >= utf8.RuneSelf
	}
}

func reserved(b []byte) bool {
	switch string(b) {
	case ".git", "git~1", ".gitmodules", ".gitattributes":
		return true
	}
	return isShortName(b, "gitmod", "gi7eba") || isShortName(b, "gitatt", "gi7d29")
}

// fold appends the part to b as HFS+ and NTFS together would compare it with a name in ASCII. It
// drops the code points that HFS+ ignores, a stream's name (from the colon), and dots and spaces at
// the end, and writes letters in lower case. Other characters outside ASCII become NUL. As in git,
// a name ends before the first byte that is not UTF-8.
func fold(b []byte, part string) []byte {
	for _, r := range part {
		switch {
		case r == ':' || endsName(r):
			return bytes.TrimRight(b, ". ")
		case ignoredByHFS(r):
		case r == 'ſ': // folds to s where letters are folded by Unicode's rules, as on APFS
			b = append(b, 's')
		case 'A' <= r && r <= 'Z':
			b = append(b, byte(r-'A'+'a'))
		case r < utf8.RuneSelf:
			b = append(b, byte(r))
		default:
			b = append(b, 0)
		}
	}
	return bytes.TrimRight(b, ". ")
}

// endsName tells where git's pick_one_utf8_char gives up. U+FFFD stands for a byte that is no
// UTF-8; the character itself is taken for one, which is harmless.
func endsName(r rune) bool {
	return r == utf8.RuneError || r == 0xfffe || r == 0xffff
}

// ignoredByHFS lists what git's next_hfs_char passes over, after Apple's technical note 1150.
func ignoredByHFS(r rune) bool {
	return 0x200c <= r && r <= 0x200f || 0x202a <= r && r <= 0x202e || 0x206a <= r && r <= 0x206f || r == 0xfeff
}

// isShortName tells whether the folded name is one that NTFS may give to a long one as its 8.3
// name. That is the first six letters with ~1 to ~4; where those are taken, a hash, a tilde and
// digits.
func isShortName(b []byte, first, hash string) bool {
	if len(b) != 8 {
		return false
	}
	if string(b[:6]) == first && b[6] == '~' && '1' <= b[7] && b[7] <= '4' {
		return true
	}
	tilde := bytes.IndexByte(b, '~')
	if tilde < 0 || tilde > 6 || string(b[:tilde]) != hash[:tilde] || b[tilde+1] == '0' {
		return false
	}
	for _, c := range b[tilde+1:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}
