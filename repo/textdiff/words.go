package textdiff

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Piece is a part of a comparison word by word.
type Piece struct {
	Text string
	Kind Kind
}

// Kind says in which text a piece occurs.
type Kind int

// The kinds of piece.
const (
	Equal Kind = iota
	Removed
	Added
)

// Words compares two texts word by word. A word is a run of letters, digits and underscores. White
// space is one piece, every other character is a piece by itself. The equal and the added pieces
// make the new text.
func Words(old, new string) []Piece {
	a, b := splitWords(old), splitWords(new)
	var pieces []Piece
	add := func(kind Kind, parts []string) {
		if text := strings.Join(parts, ""); text != "" {
			pieces = append(pieces, Piece{text, kind})
		}
	}
	x := 0
	for _, e := range Lines(a, b) {
		add(Equal, a[x:e.Start])
		add(Removed, a[e.Start:e.End])
		add(Added, b[e.NewStart:e.NewEnd])
		x = e.End
	}
	add(Equal, a[x:])
	return pieces
}

func splitWords(s string) []string {
	var list []string
	for s != "" {
		n := 0
		first, size := utf8.DecodeRuneInString(s)
		sort := sortOf(first)
		for n = size; n < len(s) && sort != other; n += size {
			var r rune
			if r, size = utf8.DecodeRuneInString(s[n:]); sortOf(r) != sort {
				break
			}
		}
		list, s = append(list, s[:n]), s[n:]
	}
	return list
}

const (
	other = iota
	letter
	space
)

func sortOf(r rune) int {
	switch {
	case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_':
		return letter
	case r == ' ' || r == '\t':
		return space
	}
	return other
}
