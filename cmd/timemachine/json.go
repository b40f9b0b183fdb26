package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"
)

// printJSON writes one document of results to standard output.
func (a *app) printJSON(document any) error {
	text, err := jsonText(document, "  ")
	if err == nil {
		_, err = a.stdout.Write(text)
	}
	return err
}

// printLine writes one line of JSON to standard output.
func (a *app) printLine(document any) error {
	text, err := jsonText(document, "")
	if err == nil {
		_, err = a.stdout.Write(text)
	}
	return err
}

// jsonText is document in JSON with a newline at its end: in one line where indent is empty. Whatever could act on a
// terminal is written as \u and four digits, which every reader of JSON takes for the character itself.
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

// escapeJSON escapes what encoding/json leaves as it is: DEL, C1 and format characters. They stand in strings only.
func escapeJSON(text []byte) []byte {
	suspect := func(r rune) bool { return r != '\n' && hazardous(r) }
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
