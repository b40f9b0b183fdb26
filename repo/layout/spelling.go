package layout

import "unicode/utf8"

// Spelling tells how much of a source's path is escaped in the destination. On a file system that
// folds case, A and a are one name, and a second source needs more than Usual. A source has one
// place in each spelling. Places of two sources differ, however letters are folded, where one of
// them is spelled apart in the folded component.
type Spelling uint8

// The spellings, in the order in which they are tried.
const (
	// Usual escapes only what git, or a file system, might take for something of its own.
	Usual Spelling = iota
	// Former is what was usual first: it leaves the names that git reads by itself as they are. No
	// version gets such a place any more.
	Former
	// ApartName spells the last component apart: its name meets another's in the same folder.
	ApartName
	// ApartPath spells every component apart: a folder meets another folder, or a file.
	ApartPath
	spellings
)

// Spellings lists those that new versions get, in order.
func Spellings() []Spelling { return []Spelling{Usual, ApartName, ApartPath} }

// TreePath is where git tracks the source in this spelling. Errors are those of the function
// TreePath.
func (s Spelling) TreePath(source string) (string, error) {
	if s == Former {
		return place(filesRoot, source, s, risky)
	}
	return place(filesRoot, source, s, riskyInTree)
}

// SpelledAs is the spelling in which the source has the tree path; false where there is none.
func SpelledAs(source, treePath string) (Spelling, bool) {
	for s := range spellings {
		if path, err := s.TreePath(source); err == nil && path == treePath {
			return s, true
		}
	}
	return 0, false
}

// TreePaths are the places that a source, or a folder of sources, can have in the tree, each once.
// A path that no version can have has none.
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

// appendApart appends a component spelled apart. It escapes the first two bytes, which no other
// spelling does, and everything that a file system might fold.
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
