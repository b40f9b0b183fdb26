package render

import (
	"bytes"
	"encoding/base64"
	"io"
	"unicode/utf8"

	"timemachine/repo/history"
)

// maxPlain is the size in bytes of the longest content that is written as text, if it is UTF-8.
const maxPlain = 16 << 20

// ContentDocument is what show --json prints: the version and its content.
type ContentDocument struct {
	EntryDocument
	Encoding string `json:"encoding"`
	Content  string `json:"content"`
}

// WriteContent writes a version and its content of size bytes as one JSON document. Content beyond
// maxPlain is not held in memory.
func WriteContent(w io.Writer, e *history.Entry, src io.Reader, size int64) error {
	if size > maxPlain {
		return writeLong(w, e, src)
	}
	body, err := io.ReadAll(src)
	if err != nil {
		return err
	}
	d := ContentDocument{EntryDocument: EntryJSON(e), Encoding: "utf-8", Content: string(body)}
	if !utf8.Valid(body) {
		d.Encoding, d.Content = "base64", base64.StdEncoding.EncodeToString(body)
	}
	return WriteJSONLine(w, d)
}

// writeLong writes the document of a version and puts the content into it while reading it.
func writeLong(w io.Writer, e *history.Entry, src io.Reader) error {
	line, err := jsonText(ContentDocument{EntryDocument: EntryJSON(e), Encoding: "base64"}, "")
	if err != nil {
		return err
	}
	const end = "\"}\n"
	if _, err := w.Write(bytes.TrimSuffix(line, []byte(end))); err != nil {
		return err
	}
	enc := base64.NewEncoder(base64.StdEncoding, w)
	if _, err := io.Copy(enc, src); err != nil {
		return err
	}
	if err := enc.Close(); err != nil {
		return err
	}
	_, err = io.WriteString(w, end)
	return err
}
