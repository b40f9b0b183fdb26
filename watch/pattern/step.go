package pattern

import (
	"errors"
	"strings"
)

// step is one element of a component of a .gitignore pattern.
type step struct {
	kind    stepKind
	literal byte     // for byteStep
	set     *byteSet // for setStep
}

type stepKind uint8

const (
	byteStep stepKind = iota
	anyStep           // ?
	setStep           // [a-z]
	starStep          // *
)

type byteSet [4]uint64

func (s *byteSet) add(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *byteSet) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

// matches tells whether the step matches one byte.
func (s *step) matches(b byte) bool {
	switch s.kind {
	case byteStep:
		return b == s.literal
	case setStep:
		return s.set.has(b)
	}
	return true
}

// matchSteps tells whether steps match a whole name. It goes back to the last star only.
func matchSteps(steps []step, name string) bool {
	at, i := 0, 0
	star, starred := -1, 0
	for i < len(name) {
		switch {
		case at < len(steps) && steps[at].kind == starStep:
			at++
			star, starred = at, i
		case at < len(steps) && steps[at].matches(name[i]):
			at, i = at+1, i+1
		case star >= 0:
			starred++
			at, i = star, starred
		default:
			return false
		}
	}
	for at < len(steps) && steps[at].kind == starStep {
		at++
	}
	return at == len(steps)
}

var (
	errBackslash = errors.New("ends in a backslash")
	errUnclosed  = errors.New("[ has no ]")
	errClass     = errors.New("unknown [:class:]")
)

// compileStep reads the element at the start of a pattern, and returns its length.
func compileStep(pattern string) (step, int, error) {
	switch pattern[0] {
	case '*':
		return step{kind: starStep}, len(pattern) - len(strings.TrimLeft(pattern, "*")), nil
	case '?':
		return step{kind: anyStep}, 1, nil
	case '[':
		set, n, err := compileSet(pattern)
		return step{kind: setStep, set: set}, n, err
	case '\\':
		if len(pattern) == 1 {
			return step{}, 0, errBackslash
		}
		return step{kind: byteStep, literal: pattern[1]}, 2, nil
	}
	return step{kind: byteStep, literal: pattern[0]}, 1, nil
}

// compileSet reads a bracket expression as wildmatch.c does. A ] that comes first is a member, and
// so is a [: without a :] after it.
func compileSet(pattern string) (*byteSet, int, error) {
	set, i := new(byteSet), 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	previous := -1 // the last member, where a range may start
	for first := true; ; first = false {
		if i >= len(pattern) {
			return nil, 0, errUnclosed
		}
		if pattern[i] == ']' && !first {
			break
		}
		n, last, err := addMember(set, pattern[i:], previous)
		if err != nil {
			return nil, 0, err
		}
		i, previous = i+n, last
	}
	if negated {
		for k := range set {
			set[k] = ^set[k]
		}
	}
	return set, i + 1, nil
}

// addMember adds the member at the start of text to the set. It returns the length, and the byte
// where a range after it starts, -1 for none.
func addMember(set *byteSet, text string, previous int) (n, last int, err error) {
	switch {
	case text[0] == '-' && previous > 0 && len(text) > 1 && text[1] != ']':
		end, n := text[1], 2
		if end == '\\' {
			if len(text) < 3 {
				return 0, 0, errUnclosed
			}
			end, n = text[2], 3
		}
		for b := previous; b <= int(end); b++ {
			set.add(byte(b))
		}
		return n, -1, nil
	case strings.HasPrefix(text, "[:"):
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return 0, 0, errUnclosed
		}
		if name, ok := strings.CutSuffix(text[2:end], ":"); ok {
			return end + 1, -1, addClass(set, name)
		}
	case text[0] == '\\':
		if len(text) < 2 {
			return 0, 0, errUnclosed
		}
		set.add(text[1])
		return 2, int(text[1]), nil
	}
	set.add(text[0])
	return 1, int(text[0]), nil
}

// byteClasses are the classes of the C locale, as in git.
var byteClasses = map[string]func(b byte) bool{
	"alnum":  func(b byte) bool { return isLetter(b) || isDigit(b) },
	"alpha":  isLetter,
	"blank":  func(b byte) bool { return b == ' ' || b == '\t' },
	"cntrl":  func(b byte) bool { return b < ' ' || b == 0x7f },
	"digit":  isDigit,
	"graph":  func(b byte) bool { return b > ' ' && b < 0x7f },
	"lower":  func(b byte) bool { return b >= 'a' && b <= 'z' },
	"print":  func(b byte) bool { return b >= ' ' && b < 0x7f },
	"punct":  func(b byte) bool { return b > ' ' && b < 0x7f && !isLetter(b) && !isDigit(b) },
	"space":  func(b byte) bool { return b == ' ' || b >= '\t' && b <= '\r' },
	"upper":  func(b byte) bool { return b >= 'A' && b <= 'Z' },
	"xdigit": func(b byte) bool { return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'f' },
}

func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }
func isDigit(b byte) bool  { return b >= '0' && b <= '9' }

func addClass(set *byteSet, name string) error {
	member, ok := byteClasses[name]
	if !ok {
		return errClass
	}
	for b := range 256 {
		if member(byte(b)) {
			set.add(byte(b))
		}
	}
	return nil
}
