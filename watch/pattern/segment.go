package pattern

import (
	"errors"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// segment is one component of a pattern, in the form that is cheapest to match.
type segment struct {
	kind  segmentKind
	text  string // for literal, prefix, suffix and glob
	steps []step // for wild
}

type segmentKind uint8

const (
	literalSegment segmentKind = iota
	prefixSegment              // text*
	suffixSegment              // *text
	wildSegment                // .gitignore syntax, byte by byte
	globSegment                // an entry's syntax, character by character
	deepSegment                // **: any number of components, even none
)

// matches tells whether the segment matches a whole component.
func (s *segment) matches(name string) bool {
	switch s.kind {
	case literalSegment:
		return name == s.text
	case prefixSegment:
		return strings.HasPrefix(name, s.text)
	case suffixSegment:
		return strings.HasSuffix(name, s.text)
	case wildSegment:
		return matchSteps(s.steps, name)
	case globSegment:
		return doublestar.MatchUnvalidated(s.text, name)
	}
	return true
}

// matchSegments tells whether the pattern matches the whole relative path. It goes back to the last
// ** only, so that its time is the product of both lengths.
func matchSegments(segments []segment, path string) bool {
	at, rest := 0, path
	deep, deepRest := -1, ""
	for rest != "" {
		name, after := cutName(rest)
		switch {
		case at < len(segments) && segments[at].kind == deepSegment:
			at++
			deep, deepRest = at, rest
		case at < len(segments) && segments[at].matches(name):
			at, rest = at+1, after
		case deep >= 0:
			_, deepRest = cutName(deepRest)
			at, rest = deep, deepRest
		default:
			return false
		}
		if at == deep && at == len(segments) {
			return true
		}
	}
	for at < len(segments) && segments[at].kind == deepSegment {
		at++
	}
	return at == len(segments)
}

// mayMatchBelow tells whether the pattern could match a path below the relative path dir. "" is the
// top folder.
func mayMatchBelow(segments []segment, dir string) bool {
	for dir != "" {
		if len(segments) == 0 {
			return false
		}
		if segments[0].kind == deepSegment {
			return true
		}
		var name string
		if name, dir = cutName(dir); !segments[0].matches(name) {
			return false
		}
		segments = segments[1:]
	}
	return len(segments) > 0
}

// cutName returns the first component of a path, and the path after it.
func cutName(path string) (name, rest string) {
	if i := strings.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return path, ""
}

// compileSegments splits a .gitignore pattern without its outer slashes into components. The rules
// are those of WM_PATHNAME in git's wildmatch.c.
func compileSegments(pattern string) ([]segment, error) {
	var segments []segment
	var steps []step
	for i := 0; i <= len(pattern); {
		n := slashLength(pattern[i:])
		if i == len(pattern) || n > 0 {
			segment := segmentOf(steps)
			if segment.kind == literalSegment && (segment.text == "" || segment.text == "." || segment.text == "..") {
				return nil, errors.New("matches nothing: write it without empty, . and .. parts")
			}
			segments, steps = append(segments, segment), nil
			i += max(n, 1)
			continue
		}
		if stars := deepLength(pattern[i:]); len(steps) == 0 && stars > 0 {
			segments = append(segments, segment{kind: deepSegment})
			i += stars
			// At the end and before an escaped slash, ** stands for at least one component in git.
			if i == len(pattern) || pattern[i] == '\\' {
				steps = []step{{kind: starStep}}
				continue
			}
			i++
			continue
		}
		s, n, err := compileStep(pattern[i:])
		if err != nil {
			return nil, err
		}
		steps, i = append(steps, s), i+n
	}
	return segments, nil
}

// slashLength returns the length of the slash at the start of pattern, which may be escaped, or 0.
func slashLength(pattern string) int {
	switch {
	case strings.HasPrefix(pattern, "/"):
		return 1
	case strings.HasPrefix(pattern, `\/`):
		return 2
	}
	return 0
}

// deepLength returns the number of stars in a ** that is a whole component, or 0.
func deepLength(pattern string) int {
	rest := strings.TrimLeft(pattern, "*")
	stars := len(pattern) - len(rest)
	if stars >= 2 && (rest == "" || slashLength(rest) > 0) {
		return stars
	}
	return 0
}

// segmentOf returns the cheapest form of steps.
func segmentOf(steps []step) segment {
	stars, others, text := 0, 0, make([]byte, 0, len(steps))
	for _, s := range steps {
		switch s.kind {
		case byteStep:
			text = append(text, s.literal)
		case starStep:
			stars++
		default:
			others++
		}
	}
	switch {
	case others > 0 || stars > 1:
		return segment{kind: wildSegment, steps: steps}
	case stars == 0:
		return segment{kind: literalSegment, text: string(text)}
	case steps[0].kind == starStep:
		return segment{kind: suffixSegment, text: string(text)}
	case steps[len(steps)-1].kind == starStep:
		return segment{kind: prefixSegment, text: string(text)}
	}
	return segment{kind: wildSegment, steps: steps}
}
