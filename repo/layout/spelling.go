package layout

import "unicode/utf8"

// Spelling tells how much of a source's path is escaped in the destination. A file system that
// takes A and a for one name needs more than Usual for what would meet another source's place. A
// source has one place in each spelling; places of two sources differ, however letters are folded,
// where one of them is spelled apart in the component that is folded.
type Spelling uint8

// The spellings, in the order in which they are tried.
const (
	Usual     Spelling = iota // only what git, or a file system, might take for something of its own
	ApartName                 // the last component apart: its name meets another's in the same folder
	ApartPath                 // every component apart: a folder meets another, or a file
	spellings
)

// Spellings lists them in order.
func Spellings() []Spelling { return []Spelling{Usual, ApartName, ApartPath} }

// TreePath is where git tracks the source in this spelling. Errors are those of the function
// TreePath.
func (s Spelling) TreePath(source string) (string, error) {
	return place(filesRoot, source, s, risky)
}

// SpelledAs is the spelling in which the source has the tree path; false where it has it in none.
func SpelledAs(source, treePath string) (Spelling, bool) {
	for s := range spellings {
		if path, err := s.TreePath(source); err == nil && path == treePath {
			return s, true
		}
	}
	return 0, false
}

// TreePaths are the places that a source, or a folder of sources, can have in the tree, each once.
// There are none for a path that no version can have.
func TreePaths(source string) []string {
	var paths []string
	for s := range spellings {
		if path, err := s.TreePath(source); err == nil && (len(paths) == 0 || path != paths[len(paths)-1]) {
			paths = append(paths, path)
		}
	}
	return paths
}

// apart tells whether a component is spelled apart.
func (s Spelling) apart(last bool) bool { return s == ApartPath || s == ApartName && last }

// appendApart adds a component spelled apart: the first two bytes are escaped, which no other
// spelling does to a name, and all that a file system might fold into something else.
func appendApart(b []byte, name string) []byte {
	start := len(b)
	for i := range len(name) {
		c := name[i]
		switch {
		case i < 2, c >= utf8.RuneSelf, 'A' <= c && c <= 'Z', c == '%', c == '\\', i == len(name)-1 && (c == '.' || c == ' '):
			b = appendHex(b, c)
		default:
			b = append(b, c)
		}
	}
	if len(b)-start > maxName {
		return appendShort(b[:start], name)
	}
	return b
}
