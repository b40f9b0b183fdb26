package record

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
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
	keyLinkedWith
	keyRestoredFrom
	keyScan
	keyCount
)

// The trailers that a record can have several times: NAME=VALUE, and NAME=BLOB. They stand before
// Scan.
const (
	keyXattr     = "Xattr"
	keyXattrBlob = "Xattr-Blob"
)

var keys = [keyCount]string{"Event", "Source", "Mtime", "Mode", "Type", "Owner", "Size", "Blob", "File", "Copy",
	"Captured", "Changed", "Previous", "Renamed-From", "Torn", "Linked-With", "Restored-From", "Scan"}

const (
	typeLink   = "symlink"
	typeFolder = "folder"
	tornYes    = "yes"
)

// AppendMessage appends the commit's message: subject, blank line, trailers, each line with a
// newline. For the subject, other is of a Metadata version the version of its source before, and of
// a Restored one the version that was brought back, with its time in the zone to be written; nil
// where it is not known. The record must hold what its fields' comments say, else the message does
// not parse.
func (r *Record) AppendMessage(b []byte, other *Record) []byte {
	b = append(r.appendSubject(b, other), '\n')
	b = appendTrailer(b, keyEvent, string(r.Event))
	b = appendTrailer(b, keySource, r.Source)
	switch {
	case r.LeadsOn, r.Ends() && r.Folder:
		b = appendTrailer(b, keyType, typeFolder)
	case !r.Ends():
		b = r.appendState(b)
	}
	b = appendOptional(b, keyFile, r.File)
	if r.HasContent() {
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
		b = appendOptional(b, keyLinkedWith, r.LinkedWith)
		b = appendID(b, keyRestoredFrom, r.RestoredFrom)
		for i := range r.Xattrs {
			b = r.Xattrs[i].append(b)
		}
	}
	b = appendOptional(b, keyScan, r.Scan)
	return append(b, '\n')
}

// appendState appends the trailers that a version does not have which ends its source. Of a folder
// these are its mode and owner.
func (r *Record) appendState(b []byte) []byte {
	if !r.Folder {
		b = appendTime(appendKey(b, keyMtime), r.Mtime)
	}
	b = fmt.Appendf(appendKey(b, keyMode), "%04o", r.Mode)
	switch {
	case r.Folder:
		b = appendTrailer(b, keyType, typeFolder)
	case r.Link:
		b = appendTrailer(b, keyType, typeLink)
	}
	b = appendTrailer(b, keyOwner, r.Owner().String()+" ("+r.Owner().numbers()+")")
	if r.Folder {
		return b
	}
	b = strconv.AppendInt(appendKey(b, keySize), r.Size, 10)
	return hex.AppendEncode(appendKey(b, keyBlob), r.Blob[:])
}

// An attribute's name stands in its trailer without "=".
var (
	xattrEscaped = strings.NewReplacer("%", "%25", "=", "%3D")
	xattrPlain   = strings.NewReplacer("%25", "%", "%3D", "=")
)

// append appends the trailer of an attribute.
func (x *Xattr) append(b []byte) []byte {
	name := xattrEscaped.Replace(x.Name)
	if !x.Blob.IsZero() {
		return appendQuoted(append(b, "\n"+keyXattrBlob+": "...), name+"="+x.Blob.String())
	}
	return appendQuoted(append(b, "\n"+keyXattr+": "...), name+"="+x.Value)
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
