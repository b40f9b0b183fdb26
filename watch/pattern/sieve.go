package pattern

import "strings"

// Sieve tells of most names that none of several exclusions applies to them, by a few of their
// bytes.
type Sieve struct {
	first, last byteSet // how names start and end to which an exclusion may apply
	within      []byte  // what they have anywhere
	any         bool    // an exclusion may apply to every name
}

// Add makes the sieve let through what x applies to.
func (s *Sieve) Add(x *Exclusion) {
	n := &x.name
	switch {
	case x.Include: // excludes nothing
	case x.scope != nameScope:
		s.any = true
	case (n.kind == literalSegment || n.kind == prefixSegment) && n.text != "":
		s.first.add(n.text[0])
	case n.kind == suffixSegment && n.text != "":
		s.last.add(n.text[len(n.text)-1])
	case n.kind == wildSegment && n.steps[0].kind == byteStep:
		s.first.add(n.steps[0].literal)
	case n.kind == wildSegment && n.steps[len(n.steps)-1].kind == byteStep:
		s.last.add(n.steps[len(n.steps)-1].literal)
	default:
		for i := range n.steps {
			if n.steps[i].kind == byteStep {
				s.within = append(s.within, n.steps[i].literal)
				return
			}
		}
		s.any = true
	}
}

// Passes tells whether one of the exclusions may apply to a path whose last component is name.
func (s *Sieve) Passes(name string) bool {
	if s.any || name == "" || s.first.has(name[0]) || s.last.has(name[len(name)-1]) {
		return true
	}
	for _, b := range s.within {
		if strings.IndexByte(name, b) >= 0 {
			return true
		}
	}
	return false
}
