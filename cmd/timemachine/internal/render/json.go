package render

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"timemachine/repo/git/object"
	"timemachine/repo/record"
)

// jsonText is a document in JSON with a newline at its end; it is one line where indent is empty.
// Characters that could act on a terminal are written as \u and four digits. Every reader of JSON
// takes these for the characters themselves.
func jsonText(document any, indent string) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(document); err != nil {
		return nil, err
	}
	return escapeJSON(b.Bytes()), nil
}

// WriteJSON writes a document, indented.
func WriteJSON(w io.Writer, document any) error { return writeIndented(w, document, "  ") }

// WriteJSONLine writes a document in one line.
func WriteJSONLine(w io.Writer, document any) error { return writeIndented(w, document, "") }

func writeIndented(w io.Writer, document any, indent string) error {
	text, err := jsonText(document, indent)
	if err == nil {
		_, err = w.Write(text)
	}
	return err
}

// escapeJSON escapes what encoding/json leaves as it is and does not show. They occur
// in strings only.
func escapeJSON(text []byte) []byte {
	suspect := func(r rune) bool { return r != '\n' && record.Hidden(r) }
	if bytes.IndexFunc(text, suspect) < 0 {
		return text
	}
	var b strings.Builder
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		switch {
		case !suspect(r):
			b.Write(text[:size])
		case r > 0xffff:
			const half, low = 0x10000, 0x3ff
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xd800+(r-half)>>10, 0xdc00+(r-half)&low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		text = text[size:]
	}
	return []byte(b.String())
}

func modeText(mode uint32) string { return fmt.Sprintf("%04o", mode) }

// RawBytes is the base64 form of a name that is not UTF-8; "" for others.
func RawBytes(name string) string {
	if utf8.ValidString(name) {
		return ""
	}
	return base64.StdEncoding.EncodeToString([]byte(name))
}

// rawList is the base64 form of all names if one of them is not UTF-8; nil otherwise.
func rawList(names []string) []string {
	if !slices.ContainsFunc(names, func(n string) bool { return RawBytes(n) != "" }) {
		return nil
	}
	raw := make([]string, len(names))
	for i, n := range names {
		raw[i] = base64.StdEncoding.EncodeToString([]byte(n))
	}
	return raw
}

func IDText(id object.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// TypeText is the type of a file, link or folder in documents.
func TypeText(link, folder bool) string {
	switch {
	case folder:
		return "folder"
	case link:
		return "symlink"
	}
	return "file"
}

// TimeText is a moment in RFC 3339, in UTC with nine digits of nanoseconds, as in records; "" for
// the zero time.
func TimeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return record.FormatTime(t)
}

// OrEmpty is list, and never nil: JSON shows an empty list then, not null.
func OrEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// PathDocument is a path in a list. PathBytes is set where the path is not UTF-8.
type PathDocument struct {
	Path      string `json:"path"`
	PathBytes string `json:"path_bytes,omitempty"`
}

// PathsJSON lists paths; of none the list is empty, not null.
func PathsJSON(paths []string) []PathDocument {
	list := []PathDocument{}
	for _, path := range paths {
		list = append(list, PathDocument{Path: path, PathBytes: RawBytes(path)})
	}
	return list
}
