package record

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"timemachine/repo/git/object"
)

// The trailers, in the order in which they are written.
const (
	keyEvent = iota
	keySource
	keyMtime
	keyMode
	keyType
	keyOwner
	keySize
	keyBlob
	keyFile
	keyCopy
	keyCaptured
	keyChanged
	keyPrevious
	keyRenamedFrom
	keyTorn
	keyScan
	keyCount
)

var keys = [keyCount]string{"Event", "Source", "Mtime", "Mode", "Type", "Owner", "Size", "Blob", "File", "Copy",
	"Captured", "Changed", "Previous", "Renamed-From", "Torn", "Scan"}

const (
	typeLink   = "symlink"
	typeFolder = "folder"
	tornYes    = "yes"
)

// Message is the commit's message: subject, blank line, trailers, each line with a newline. before
// is the source's version before this one, nil where it is not known: the subject of a Metadata
// version tells what changed. The record must hold what its fields' comments say, else the message
// does not parse.
func (r *Record) Message(before *Record) string {
	b := make([]byte, 0, 448+2*len(r.Source)+len(r.Copy))
	b = append(r.appendSubject(b, before), '\n')
	b = appendTrailer(b, keyEvent, string(r.Event))
	b = appendTrailer(b, keySource, r.Source)
	if r.Folder {
		b = appendTrailer(b, keyType, typeFolder)
	} else if !r.Ends() {
		b = r.appendState(b)
	}
	b = appendOptional(b, keyFile, r.File)
	if !r.Ends() {
		b = appendOptional(b, keyCopy, r.Copy)
	}
	b = appendMoment(b, keyCaptured, r.Captured)
	if !r.Ends() {
		b = appendMoment(b, keyChanged, r.Changed)
	}
	b = appendID(b, keyPrevious, r.Previous)
	if !r.Ends() {
		b = appendOptional(b, keyRenamedFrom, r.RenamedFrom)
		if r.Torn {
			b = appendTrailer(b, keyTorn, tornYes)
		}
	}
	b = appendOptional(b, keyScan, r.Scan)
	return string(append(b, '\n'))
}

// appendState appends the trailers that a version does not have which ends its source.
func (r *Record) appendState(b []byte) []byte {
	b = appendTime(appendKey(b, keyMtime), r.Mtime)
	b = fmt.Appendf(appendKey(b, keyMode), "%04o", r.Mode)
	if r.Link {
		b = appendTrailer(b, keyType, typeLink)
	}
	b = appendTrailer(b, keyOwner, r.Owner().String()+" ("+r.Owner().numbers()+")")
	b = strconv.AppendInt(appendKey(b, keySize), r.Size, 10)
	return hex.AppendEncode(appendKey(b, keyBlob), r.Blob[:])
}

// appendKey ends the line before, and begins a trailer.
func appendKey(b []byte, key int) []byte {
	b = append(b, '\n')
	b = append(b, keys[key]...)
	return append(b, ": "...)
}

func appendTrailer(b []byte, key int, value string) []byte {
	return appendQuoted(appendKey(b, key), value)
}

func appendOptional(b []byte, key int, value string) []byte {
	if value == "" {
		return b
	}
	return appendTrailer(b, key, value)
}

func appendMoment(b []byte, key int, t time.Time) []byte {
	if t.IsZero() {
		return b
	}
	return appendTime(appendKey(b, key), t)
}

func appendID(b []byte, key int, id object.ID) []byte {
	if id.IsZero() {
		return b
	}
	return hex.AppendEncode(appendKey(b, key), id[:])
}
