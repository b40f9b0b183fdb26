package pattern

import (
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// Each choice in braces becomes an alternative when the entry is read, so that matching goes
// component by component. These limits bound the number of alternatives.
const (
	maxBraces       = 32
	maxAlternatives = 256
)

const globSpecial = `*?[{`

// Escape returns a pattern that matches the literal path only.
func Escape(literal string) string {
	var b strings.Builder
	for i := range len(literal) {
		if strings.IndexByte(globSpecial+`}\`, literal[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(literal[i])
	}
	return b.String()
}

// OnlyName returns the text that matches one path only: the path, or where that reads as a pattern,
// one in which ?, * and [ stand in lists of one character, as does the last character where there
// are none of these.
func OnlyName(literal string) string {
	if g, err := CompileGlob(literal); err != nil || g.IsLiteral() {
		return literal
	}
	var b strings.Builder
	list := func(text string) { b.WriteString("[" + text + "]") }
	_, last := utf8.DecodeLastRuneInString(literal)
	last = len(literal) - last
	for i := range len(literal) {
		switch c := literal[i]; {
		case strings.IndexByte("?*[", c) >= 0:
			list(string(c))
		case i == last && !strings.ContainsAny(literal, "?*["):
			list(strings.Replace(Escape(literal[last:]), "]", `\]`, 1))
			return b.String()
		default:
			b.WriteString(Escape(literal[i : i+1]))
		}
	}
	return b.String()
}

// Unescape returns the literal path of a pattern without wildcards.
func Unescape(pattern string) string {
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

// Glob is an absolute pattern, or a literal path.
type Glob struct {
	// Root is an absolute, clean, literal path: the path itself, or for a pattern the deepest
	// folder before its first wildcard.
	Root string
	// Pattern is the absolute pattern, "" for a literal path.
	Pattern string

	alternatives [][]segment // Pattern below Root, one for each choice in braces
}

// CompileGlob reads an absolute pattern.
func CompileGlob(pattern string) (Glob, error) {
	wild := firstWildcard(pattern)
	if wild < 0 {
		return Glob{Root: filepath.Clean(Unescape(pattern))}, nil
	}
	if len(pattern) > maxPattern {
		return Glob{}, errors.New("pattern is too long")
	}
	cut := strings.LastIndexByte(pattern[:wild], '/')
	g := Glob{Root: filepath.Clean(Unescape(pattern[:cut+1]))}
	tail := path.Clean(pattern[cut+1:])
	g.Pattern = path.Join(Escape(g.Root), tail)
	if strings.Count(tail, "{") > maxBraces {
		return Glob{}, errors.New("too many braces")
	}
	alternatives, err := expandBraces(pattern[cut+1:], nil)
	if err != nil {
		return Glob{}, err
	}
	for _, alternative := range alternatives {
		segments, err := compileAlternative(alternative)
		if err != nil {
			return Glob{}, err
		}
		g.alternatives = append(g.alternatives, segments)
	}
	return g, nil
}

// IsLiteral tells whether this is a path, without wildcards.
func (g *Glob) IsLiteral() bool { return g.Pattern == "" }

// compileAlternative reads a pattern without braces, relative to the Root.
func compileAlternative(pattern string) ([]segment, error) {
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
		return segment{kind: literalSegment, text: Unescape(part)}
	case star && firstWildcard(stem) < 0:
		return segment{kind: suffixSegment, text: Unescape(stem)}
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

// Names tells whether the pattern names what an exclusion of names excludes, as ~/notes/*.swp does
// for *.swp.
func (g *Glob) Names(x *Exclusion) bool {
	for _, segments := range g.alternatives {
		for i := range segments {
			if x.name.matches(sampleName(&segments[i])) {
				return true
			}
		}
	}
	return false
}
