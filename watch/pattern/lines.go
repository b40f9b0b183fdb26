package pattern

import (
	"bytes"
	"regexp"
)

// Lines are the lines of a file that one of some expressions matches.
type Lines []*regexp.Regexp

// SameBut tells whether two contents are the same but for such lines.
func (l Lines) SameBut(a, b []byte) bool {
	for {
		var x, y []byte
		x, a = l.nextOther(a)
		y, b = l.nextOther(b)
		switch {
		case !bytes.Equal(x, y):
			return false
		case x == nil:
			return true
		}
	}
}

// nextOther returns the next line that none matches, with its end, and what follows it; nil at the
// end of the content.
func (l Lines) nextOther(b []byte) (line, rest []byte) {
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n') + 1
		if end == 0 {
			end = len(b)
		}
		if line, b = b[:end], b[end:]; !l.match(bytes.TrimSuffix(line, []byte("\n"))) {
			return line, b
		}
	}
	return nil, nil
}

func (l Lines) match(line []byte) bool {
	for _, re := range l {
		if re.Match(line) {
			return true
		}
	}
	return false
}
