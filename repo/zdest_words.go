package repo

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"timemachine/repo/git/object"
	"timemachine/repo/record"
	"unicode"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

func quote(s string) string { return record.Quote(s) }

// ShellWord is s as one word of a shell command, for hints that people paste: nothing in it is expanded, and nothing acts
// on a terminal. Names with control or format characters, or not UTF-8, are printed by printf, since $'…' is not known to
// every sh.
func ShellWord(s string) string { return word(s) }

func word(s string) string {
	plain := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("/._-+,@%:=", c)
	}
	switch {
	case strings.ContainsFunc(s, unprintable):
		return escapedWord(s)
	case s != "" && s[0] != '-' && strings.IndexFunc(s, func(c rune) bool { return !plain(c) }) < 0:
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func unprintable(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

// escapedWord leaves to the shell's own printf what cannot be shown. The newlines that a name ends in are taken from IFS: what
// a command prints loses them.
func escapedWord(s string) string {
	printed := strings.TrimRight(s, "\n")
	var b strings.Builder
	b.WriteByte('"')
	if printed != "" {
		b.WriteString("$(printf '")
		for i := range len(printed) {
			switch c := printed[i]; {
			case c == '%':
				b.WriteString("%%")
			case c < ' ' || c >= 0x7f || strings.IndexByte(`'\!`, c) >= 0 || i == 0 && c == '-':
				fmt.Fprintf(&b, `\%03o`, c)
			default:
				b.WriteByte(c)
			}
		}
		b.WriteString("')")
	}
	b.WriteString(strings.Repeat("${IFS#??}", len(s)-len(printed)))
	b.WriteByte('"')
	return b.String()
}

// rebuildCommand is the command that writes copies/ again.
func (r *destT) rebuildCommand() string { return "timemachine copies rebuild -d " + word(r.dest) }

// repairCommand is the command that mends what lies beside the history.
func (r *destT) repairCommand() string { return "timemachine verify --repair -d " + word(r.dest) }

// inTheWay tells whether an error says that something of another kind has a place that is wanted, or lies on the way to it.
// A run leaves that as it is; verify --repair moves it aside.
func inTheWay(err error) bool {
	for _, what := range []error{unix.ENOTDIR, unix.ELOOP, unix.EISDIR, unix.ENOTEMPTY, unix.EEXIST} {
		if errors.Is(err, what) {
			return true
		}
	}
	return false
}

// gone tells whether a name, or the way to it, is not there.
func gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP)
}

// cause is an error's reason without the names in it, which the message gives already.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
}

// noName tells whether an error says that a file system cannot have the name, as with a colon on FAT. Trying again is no use.
func noName(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENAMETOOLONG) || errors.Is(err, unix.EILSEQ)
}

func split(path string) (folder, name string) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", path
	}
	return path[:i], path[i+1:]
}

// writeHead is the command that makes HEAD name the branch again.
func (r *destT) writeHead() string {
	return "echo " + word("ref: "+r.branch) + " > " + word(r.git.Path("HEAD"))
}

func firstParent(c *object.CommitData) object.ID {
	if len(c.Parents) == 0 {
		return object.ID{}
	}
	return c.Parents[0]
}
