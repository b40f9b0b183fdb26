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
				return
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
}

// place is the deepest folder that holds most of the sources, nine in ten at least of the folder
// above, and how many it holds. Of one source it is that.
func (s *spread) place() (folder string, n int) {
	if s.count == 1 {
		return s.only, 1
	}
	b := &s.top
	for {
		name, deeper := b.main()
		if deeper == nil || deeper.count == 1 {
			break
		}
		folder, b = folder+"/"+name, deeper
	}
	if folder == "" {
		folder = "/"
	}
	return folder, b.count
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
