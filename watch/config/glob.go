package config

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Each choice in braces becomes an alternative when the entry is read, so that matching goes
// component by component. These limits bound the number of alternatives.
const (
	maxBraces       = 32
	maxAlternatives = 256
)

const globSpecial = `*?[{`

// escapeGlob returns a pattern that matches the literal path only.
func escapeGlob(literal string) string {
	var b strings.Builder
	for i := range len(literal) {
		if strings.IndexByte(globSpecial+`}\`, literal[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(literal[i])
	}
	return b.String()
}

// unescapeGlob returns the literal path of a pattern without wildcards.
func unescapeGlob(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '\\' && i+1 < len(pattern) {
			i++
		}
		b.WriteByte(pattern[i])
	}
	return b.String()
}

// firstWildcard returns the offset of the first unescaped character of globSpecial, or -1.
func firstWildcard(pattern string) int {
	for i := 0; i < len(pattern); i++ {
		if pattern[i] == '\\' {
			i++
		} else if strings.IndexByte(globSpecial, pattern[i]) >= 0 {
			return i
		}
	}
	return -1
}

// compile sets Root, Glob and alternatives from an absolute, expanded pattern.
func (e *Entry) compile(pattern string) error {
	wild := firstWildcard(pattern)
	if wild < 0 {
		e.Root = filepath.Clean(unescapeGlob(pattern))
		return nil
	}
	if len(pattern) > maxPattern {
		return errors.New("pattern is too long")
	}
	cut := strings.LastIndexByte(pattern[:wild], '/')
	e.Root = filepath.Clean(unescapeGlob(pattern[:cut+1]))
	tail := path.Clean(pattern[cut+1:])
	e.Glob = path.Join(escapeGlob(e.Root), tail)
	if strings.Count(tail, "{") > maxBraces {
		return errors.New("too many braces")
	}
	alternatives, err := expandBraces(pattern[cut+1:], nil)
	if err != nil {
		return err
	}
	for _, alternative := range alternatives {
		segments, err := compileGlob(alternative)
		if err != nil {
			return err
		}
		e.alternatives = append(e.alternatives, segments)
	}
	return nil
}

// compileGlob reads a pattern without braces, relative to the Root of an entry.
func compileGlob(pattern string) ([]segment, error) {
	var segments []segment
	for _, part := range strings.Split(pattern, "/") {
		if (part == "" || part == ".") || (part == "**" && endsDeep(segments)) {
			continue
		}
		if part == ".." {
			return nil, errors.New(".. after a wildcard")
		}
		if !doublestar.ValidatePattern(part) {
			return nil, fmt.Errorf("bad pattern %q", part)
		}
		segments = append(segments, globSegmentOf(part))
	}
	return segments, nil
}

func endsDeep(segments []segment) bool {
	return len(segments) > 0 && segments[len(segments)-1].kind == deepSegment
}

// globSegmentOf returns the cheapest form of a component.
func globSegmentOf(part string) segment {
	stem, star := strings.CutPrefix(part, "*")
	switch {
	case part == "**":
		return segment{kind: deepSegment}
	case firstWildcard(part) < 0:
		return segment{kind: literalSegment, text: unescapeGlob(part)}
	case star && firstWildcard(stem) < 0:
		return segment{kind: suffixSegment, text: unescapeGlob(stem)}
	}
	return segment{kind: globSegment, text: part}
}

// expandBraces appends the alternatives of a pattern to into: a{b,c} gives ab and ac.
func expandBraces(pattern string, into []string) ([]string, error) {
	open := nextUnescaped(pattern, 0, "{")
	if open < 0 {
		if len(into) >= maxAlternatives {
			return nil, errors.New("too many alternatives in braces")
		}
		return append(into, pattern), nil
	}
	cuts := []int{open}
	for depth, i := 1, open; depth > 0; {
		if i = nextUnescaped(pattern, i+1, "{,}"); i < 0 {
			return nil, errors.New("{ has no }")
		}
		switch pattern[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 || (depth == 1 && pattern[i] == ',') {
			cuts = append(cuts, i)
		}
	}
	head, tail := pattern[:open], pattern[cuts[len(cuts)-1]+1:]
	var err error
	for k := 1; k < len(cuts) && err == nil; k++ {
		into, err = expandBraces(head+pattern[cuts[k-1]+1:cuts[k]]+tail, into)
	}
	return into, err
}

// nextUnescaped returns the offset of the next of chars from i on, outside brackets and not after a
// backslash, or -1.
func nextUnescaped(pattern string, i int, chars string) int {
	for ; i < len(pattern); i++ {
		switch {
		case pattern[i] == '\\':
			i++
		case pattern[i] == '[':
			i = closingBracket(pattern, i)
		case strings.IndexByte(chars, pattern[i]) >= 0:
			return i
		}
	}
	return -1
}

// closingBracket returns where the class that opens at i ends, or i where it does not end.
func closingBracket(pattern string, i int) int {
	for k := i + 1; k < len(pattern); k++ {
		switch pattern[k] {
		case '\\':
			k++
		case ']':
			return k
		}
	}
	return i
}

// sampleName returns a name that the segment matches, with an x for each wildcard.
func sampleName(s *segment) string {
	switch s.kind {
	case literalSegment:
		return s.text
	case suffixSegment:
		return "x" + s.text
	case deepSegment:
		return "x"
	}
	var b strings.Builder
	for i := 0; i < len(s.text); i++ {
		switch s.text[i] {
		case '\\':
			i++
			b.WriteByte(s.text[i])
		case '[':
			i = closingBracket(s.text, i)
			b.WriteByte('x')
		case '*', '?':
			b.WriteByte('x')
		default:
			b.WriteByte(s.text[i])
		}
	}
	return b.String()
}

// asksFor tells whether the entry's pattern names what the default exclusion x excludes, as
// ~/notes/*.swp does for *.swp.
func (e *Entry) asksFor(x *exclusion) bool {
	for _, segments := range e.alternatives {
		for i := range segments {
			if x.name.matches(sampleName(&segments[i])) {
				return true
			}
		}
	}
	return false
}
