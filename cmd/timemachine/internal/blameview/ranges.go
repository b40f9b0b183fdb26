package blameview

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// RangeError says why a range of lines cannot be used.
type RangeError struct{ msg string }

func (e *RangeError) Error() string { return e.msg }

// Ranges selects the lines that the ranges name, each as git's -L takes it: START,END with a
// number, or /REGEXP/, or +N or -N for the end. No range selects all lines. The error is a
// *RangeError.
func Ranges(ranges []string, lines []string) (wanted func(line int) bool, err error) {
	if len(ranges) == 0 {
		return func(int) bool { return true }, nil
	}
	selected := make([]bool, len(lines))
	from := 1 // where /REGEXP/ is searched from
	for _, text := range ranges {
		r := lineRange{lines: lines, rest: text}
		start, end, err := r.parse(from)
		if err != nil {
			return nil, err
		}
		for i := start; i <= end; i++ {
			selected[i-1] = true
		}
		from = end + 1
	}
	return func(line int) bool { return selected[line] }, nil
}

// lineRange is a range that is being read. Lines count from 1.
type lineRange struct {
	lines []string
	rest  string // what is not read yet
}

// parse reads a whole range. A range that ends before it starts is turned round.
func (r *lineRange) parse(from int) (start, end int, err error) {
	whole := r.rest
	if start, err = r.place(from, false); err != nil {
		return 0, 0, err
	}
	var found bool
	if r.rest, found = strings.CutPrefix(r.rest, ","); found {
		if end, err = r.place(max(start, 1)+1, true); err != nil {
			return 0, 0, err
		}
	}
	if r.rest != "" {
		return 0, 0, &RangeError{fmt.Sprintf("-L %q is no range of lines", whole)}
	}
	if start > 0 && end > 0 && end < start {
		start, end = end, start
	}
	if start = max(start, 1); start > len(r.lines) {
		return 0, 0, &RangeError{fmt.Sprintf("-L %s: the file has only %d lines", whole, len(r.lines))}
	}
	if end == 0 || end > len(r.lines) {
		end = len(r.lines)
	}
	return start, end, nil
}

var number = regexp.MustCompile(`^[+-]?[0-9]+`)

// place reads one end of a range; 0 where nothing stands there. The end of a range may be given as
// a distance from its start, which is the line before from.
func (r *lineRange) place(from int, isEnd bool) (int, error) {
	if anchored, ok := strings.CutPrefix(r.rest, "^/"); ok && !isEnd {
		r.rest, from = "/"+anchored, 1
	}
	if strings.HasPrefix(r.rest, "/") {
		return r.search(from)
	}
	digits := number.FindString(r.rest)
	if digits == "" {
		return 0, nil
	}
	r.rest = r.rest[len(digits):]
	n, err := strconv.Atoi(digits)
	relative := isEnd && strings.ContainsAny(digits[:1], "+-")
	switch {
	case err != nil || n <= 0 && !relative:
		return 0, &RangeError{"-L invalid line number: " + digits}
	case n == 0:
		return 0, &RangeError{"-L invalid empty range"}
	case relative && n > 0:
		return min(from-2+n, len(r.lines)), nil
	case relative:
		return max(from+n, 1), nil
	}
	return n, nil
}

// search reads /REGEXP/ and finds the first line that it matches.
func (r *lineRange) search(from int) (int, error) {
	pattern := r.rest[1:]
	end := 0
	for end < len(pattern) && pattern[end] != '/' {
		if pattern[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(pattern) {
		return 0, &RangeError{fmt.Sprintf("-L %q has no / at the end", r.rest)}
	}
	pattern, r.rest = pattern[:end], pattern[end+1:]
	re, err := regexp.Compile(basicToGo(pattern))
	if err != nil {
		return 0, &RangeError{fmt.Sprintf("-L %q is no regular expression", pattern)}
	}
	for i := from; i <= len(r.lines); i++ {
		if re.MatchString(strings.TrimSuffix(r.lines[i-1], "\n")) {
			return i, nil
		}
	}
	return 0, &RangeError{fmt.Sprintf("-L parameter '%s' starting at line %d: No match", pattern, from)}
}

// basicToGo turns a basic regular expression, as git takes it, into one of Go's: there +?|(){} are
// special without a backslash, here with one. Within brackets both read the same.
func basicToGo(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\\' && i+1 < len(pattern):
			i++
			if !strings.ContainsRune("+?|(){}", rune(pattern[i])) {
				b.WriteByte('\\')
			}
			b.WriteByte(pattern[i])
		case c == '[':
			set := bracket.FindString(pattern[i:])
			b.WriteString(strings.ReplaceAll(set, `\`, `\\`))
			i += len(set) - 1
		case strings.ContainsRune("+?|(){}", rune(c)):
			b.WriteString(`\` + string(c))
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// bracket is a set of characters; one that does not end is its first character alone.
var bracket = regexp.MustCompile(`^\[(\^?\]?([^][]|\[:[a-z]+:\]|\[)*\])?`)
