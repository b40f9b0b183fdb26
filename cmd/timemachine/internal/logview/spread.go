package logview

import "strings"

// mostFolders is how many folders a spread tells apart. What lies in others counts for the folder
// above.
const mostFolders = 20_000

// spread is a number of sources and the folders that they are in.
type spread struct {
	count   int
	folders int
	only    string // the source, of one
	top     branch
}

// branch is a folder with the number of sources below it.
type branch struct {
	count int
	names map[string]*branch
	here  string // a source in it that no branch is for
}

// add adds a source.
func (s *spread) add(source string) {
	s.count++
	s.only = source
	b := &s.top
	b.count++
	names := strings.Split(strings.Trim(source, "/"), "/")
	for _, name := range names[:len(names)-1] {
		below := b.names[name]
		if below == nil {
			if s.folders == mostFolders {
				break
			}
			if b.names == nil {
				b.names = map[string]*branch{}
			}
			below = &branch{}
			b.names[name] = below
			s.folders++
		}
		b = below
		b.count++
	}
	if b.here == "" {
		b.here = source
	}
}

// place is the deepest folder that holds most of the sources, nine in ten at least of the folder
// above, and how many it holds. Of one source it is that. A source that is the only one elsewhere
// is the other; "" for none, or several.
func (s *spread) place() (folder string, n int, other string) {
	if s.count == 1 {
		return s.only, 1, ""
	}
	b := &s.top
	for {
		name, deeper := b.main()
		if deeper == nil || deeper.count == 1 {
			break
		}
		if b.count > deeper.count {
			other = b.without(deeper)
		}
		folder, b = folder+"/"+name, deeper
	}
	if folder == "" {
		folder = "/"
	}
	if s.count != b.count+1 {
		other = ""
	}
	return folder, b.count, other
}

// without is a source that is not below one of the folders in a folder, where there is one.
func (b *branch) without(main *branch) string {
	for _, below := range b.names {
		if below != main {
			return below.any()
		}
	}
	return b.here
}

// any is a source below a folder.
func (b *branch) any() string {
	for _, below := range b.names {
		return below.any()
	}
	return b.here
}

// main is the folder in a folder that holds nearly all of what is below it; nil for none.
func (b *branch) main() (string, *branch) {
	for name, below := range b.names {
		if below.count*10 >= b.count*9 {
			return name, below
		}
	}
	return "", nil
}
