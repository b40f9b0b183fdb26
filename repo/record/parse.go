package record

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"timemachine/repo/git/object"
)

// ErrNone is returned for a message that has no record: its last paragraph lacks an Event or a
// Source.
var ErrNone = errors.New("message has no record")

var (
	errMissing = errors.New("missing")
	errTwice   = errors.New("given twice")
	errFolded  = errors.New("continued on another line")
)

// Parse reads a commit's message. The error is ErrNone for a commit without a record; any other
// error names the trailer that is missing, doubled or wrong. Parse passes over text above the last
// paragraph, unknown trailers, and those that a version of its kind does not have. The record's
// strings share the message's memory.
func Parse(message string) (Record, error) {
	values, xattrs, wrong, err := trailers(message)
	if values[keyEvent] == "" || values[keySource] == "" {
		return Record{}, ErrNone
	}
	if err != nil {
		return Record{}, fmt.Errorf("trailer %q: %w", keys[wrong], err)
	}
	var r Record
	if values[keyType] == typeFolder {
		// of a link that leads on, nothing else is told
		r.LeadsOn = values[keyEvent] == string(TypeChanged) && values[keyMode] == ""
		r.Folder = !r.LeadsOn
	}
	for key := range keyCount {
		if err := r.set(key, values[key]); err != nil {
			return Record{}, fmt.Errorf("trailer %q: %w", keys[key], err)
		}
	}
	if r.Ends() {
		return Record{Event: r.Event, Folder: r.Folder, LeadsOn: r.LeadsOn, Source: r.Source, File: r.File, Captured: r.Captured, Previous: r.Previous, Scan: r.Scan}, nil
	}
	if r.Folder {
		r.Mtime, r.Size, r.Blob, r.Copy, r.Torn, r.LinkedWith = time.Time{}, 0, object.ID{}, "", false, ""
	}
	return r, r.setXattrs(xattrs)
}

// trailers collects the values of our trailers in the last paragraph, and the first of them that
// stands there twice or is continued. An empty value counts as none: we never write one. xattrs are
// the lines of attributes.
func trailers(message string) (values [keyCount]string, xattrs []string, wrong int, err error) {
	message = strings.TrimRight(message, " \t\r\n")
	start := strings.LastIndex(message, "\n\n")
	if start < 0 {
		return values, nil, 0, nil
	}
	last := -1 // the key of the line before, -1 for another one
	for rest, more := message[start+2:], true; more; {
		var line string
		line, rest, more = strings.Cut(rest, "\n")
		if line == "" || line[0] == ' ' || line[0] == '\t' {
			if last >= 0 && line != "" && err == nil {
				wrong, err = last, errFolded
			}
			continue
		}
		name, value, _ := strings.Cut(line, ":")
		if last = keyOf(name); last < 0 {
			if name == keyXattr || name == keyXattrBlob {
				xattrs = append(xattrs, line)
			}
			continue
		}
		if values[last] != "" && err == nil {
			wrong, err = last, errTwice
		}
		values[last] = strings.Trim(value, " \t\r")
	}
	return values, xattrs, wrong, err
}

// setXattrs reads the lines of attributes.
func (r *Record) setXattrs(lines []string) error {
	for _, line := range lines {
		key, value, _ := strings.Cut(line, ":")
		value, err := Unquote(strings.Trim(value, " \t\r"))
		x := Xattr{}
		var ok bool
		x.Name, x.Value, ok = strings.Cut(value, "=")
		x.Name = xattrPlain.Replace(x.Name)
		switch {
		case err != nil:
		case !ok || x.Name == "" || strings.Contains(x.Name, "\x00"):
			err = errors.New("want NAME=VALUE")
		case key == keyXattrBlob:
			x.Blob, err = parseObject(x.Value)
			x.Value = ""
		}
		if err != nil {
			return fmt.Errorf("trailer %q: %w", key, err)
		}
		r.Xattrs = append(r.Xattrs, x)
	}
	slices.SortFunc(r.Xattrs, func(a, b Xattr) int { return strings.Compare(a.Name, b.Name) })
	for i := 1; i < len(r.Xattrs); i++ {
		if r.Xattrs[i-1].Name == r.Xattrs[i].Name {
			return fmt.Errorf("trailer %q: %w", keyXattr, errTwice)
		}
	}
	return nil
}

func keyOf(name string) int {
	for i := range keys {
		if keys[i] == name {
			return i
		}
	}
	return -1
}

// set reads one trailer's value, "" where it is absent.
func (r *Record) set(key int, value string) (err error) {
	if value == "" {
		if r.requires(key) {
			return errMissing
		}
		return nil
	}
	switch key {
	case keyEvent:
		r.Event, err = parseEvent(value)
	case keySource:
		r.Source, err = parsePath(value)
	case keyMtime:
		r.Mtime, err = ParseTime(value)
	case keyMode:
		r.Mode, err = parseMode(value)
	case keyType:
		if !r.Folder && !r.LeadsOn {
			r.Link, err = parseWord(value, typeLink)
		}
	case keyOwner:
		if value, err = Unquote(value); err == nil {
			err = r.setOwner(value)
		}
	case keySize:
		r.Size, err = parseSize(value)
	case keyBlob:
		r.Blob, err = parseObject(value)
	case keyFile:
		r.File, err = parseBelow("files/", value)
	case keyCopy:
		r.Copy, err = parseBelow("copies/", value)
	case keyCaptured:
		r.Captured, err = ParseTime(value)
	case keyChanged:
		r.Changed, err = ParseTime(value)
	case keyPrevious:
		r.Previous, err = parseObject(value)
	case keyRenamedFrom:
		r.RenamedFrom, err = parsePath(value)
	case keyTorn:
		r.Torn, err = parseWord(value, tornYes)
	case keyLinkedWith:
		r.LinkedWith, err = parsePath(value)
	case keyRestoredFrom:
		r.RestoredFrom, err = parseObject(value)
	case keyScan:
		r.Scan, err = Unquote(value)
	}
	return err
}

// requires tells which trailers every record has, which every one that does not end its source, and
// which every one with content.
func (r *Record) requires(key int) bool {
	switch key {
	case keyEvent, keySource:
		return true
	case keyMode, keyOwner:
		return !r.Ends()
	case keyMtime, keySize, keyBlob:
		return r.HasContent()
	}
	return false
}

func parseEvent(s string) (Event, error) {
	if !Event(s).Valid() {
		return "", errors.New("unknown event")
	}
	return Event(s), nil
}

func parseMode(s string) (uint32, error) {
	mode, err := strconv.ParseUint(s, 8, 32)
	if err != nil || len(s) != 4 {
		return 0, errors.New("want four octal digits")
	}
	return uint32(mode), nil
}

func parseSize(s string) (int64, error) {
	size, err := strconv.ParseUint(s, 10, 63)
	if err != nil {
		return 0, errors.New("want a number of bytes")
	}
	return int64(size), nil
}

func parseWord(s, want string) (bool, error) {
	if s != want {
		return false, fmt.Errorf("want %q", want)
	}
	return true, nil
}

func parseObject(s string) (object.ID, error) {
	id, err := object.ParseID(s)
	if err != nil {
		return id, errors.New("want 40 hexadecimal digits")
	}
	return id, nil
}
