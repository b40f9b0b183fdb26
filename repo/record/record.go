package record

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"timemachine/repo/git/object"
)

// Event is what happened to a source, in the word of its trailer.
type Event string

// The events a record can tell of.
const (
	Added       Event = "added"
	Modified    Event = "modified"
	Touched     Event = "touched"      // only the mtime changed
	Metadata    Event = "metadata"     // all but the content changed
	Deleted     Event = "deleted"      // the source was deleted
	TypeChanged Event = "type-changed" // a file, a link or a folder became another of these
	Restored    Event = "restored"     // a restore brought back an earlier version
)

// Valid tells whether e is one of the events.
func (e Event) Valid() bool { return e.verb() != "" }

// verb begins a commit's subject.
func (e Event) verb() string {
	switch e {
	case Added:
		return "Add"
	case Modified:
		return "Modify"
	case Touched:
		return "Touch"
	case Metadata:
		return "Change mode of"
	case Deleted:
		return "Delete"
	case TypeChanged:
		return "Change type of"
	case Restored:
		return "Restore"
	}
	return ""
}

// Record is what a commit says of one version. A version that ends its source uses only Event,
// Source, File, Captured, Previous, Scan, and Folder or LeadsOn. A folder's has no Mtime, Size,
// Blob, Copy and Torn, and no place in the tree.
type Record struct {
	Event  Event
	Source string    // absolute, clean path; exact bytes, without NUL
	Mtime  time.Time // UTC when parsed; any second, 0 to 999999999 nanoseconds
	Mode   uint32    // permissions with setuid, setgid and sticky: 0 to 07777
	Link   bool      // a symbolic link: its content is the target
	Folder bool      // a folder, or with Deleted one that was
	// with TypeChanged: a link that sources are recorded below, as in a folder
	LeadsOn     bool
	UID, GID    uint32
	User, Group string    // "" where the name is unknown
	Size        int64     // bytes of content, from 0
	Blob        object.ID // the content
	// where git tracks it, below files/; "" for its source's place in layout.Former
	File        string
	Copy        string    // the plain copy's path in the destination, below copies/; "" for none
	Previous    object.ID // the commit of the source's version before this one; zero for the first
	RenamedFrom string    // the path this source had before; "" where it was not renamed
	Torn        bool      // the file changed while it was read
	Scan        string    // the run that made the version; "" where unknown
	Xattrs      []Xattr   // its extended attributes and access lists, by name
	// the path of another name of the same file, which stands for all its names: equal in all that
	// are hard links of each other, but "" in the one that has this path
	LinkedWith   string
	RestoredFrom object.ID // of a Restored version: the commit of the version that was brought back

	// Captured is the moment just before the first byte was read; of a deletion, the moment it was
	// noticed. Zero in records from before this trailer.
	Captured time.Time
	// Changed is the ctime of a Metadata version: mode, owner or attributes were set then at the
	// latest. Zero for other events, and in records from before this trailer.
	Changed time.Time
}

// Xattr is an extended attribute. Access lists are among them, as system.posix_acl_access.
type Xattr struct {
	Name  string // not empty, without NUL
	Value string // exact bytes; "" where Blob has the value
	Blob  object.ID
}

// MaxXattr is how many bytes the value of an attribute has at most in a record. The record of a
// longer one names a blob.
const MaxXattr = 4 << 10

// appendSubject appends the message's first line, without a newline: what happened to which path.
// Of a Metadata version it tells mode and owner before and after; of a Restored one, the time of
// the version that was brought back.
func (r *Record) appendSubject(b []byte, other *Record) []byte {
	switch {
	case r.Event == Metadata && other != nil && !other.Ends():
		return r.appendChange(b, other)
	case r.Event == Restored && other != nil:
		b = append(r.appendPath(append(b, r.Event.verb()...)), " from "...)
		when := other.Mtime
		if !other.HasContent() {
			when = other.Captured
		}
		return when.AppendFormat(b, "2006-01-02 15:04")
	}
	return r.appendPath(append(b, r.Event.verb()...))
}

// appendPath appends the path, and says of a folder that it is one.
func (r *Record) appendPath(b []byte) []byte {
	if r.Folder && r.Event != TypeChanged {
		b = append(b, " folder"...)
	}
	return appendQuoted(append(b, ' '), r.Source)
}

// appendChange appends the subject of a Metadata version.
func (r *Record) appendChange(b []byte, before *Record) []byte {
	var what, old, new []string
	if before.Mode != r.Mode {
		what, old, new = append(what, "mode"), append(old, fmt.Sprintf("%04o", before.Mode)), append(new, fmt.Sprintf("%04o", r.Mode))
	}
	if !r.Owner().Is(before.Owner()) {
		from, to := TellApart(before.Owner(), r.Owner())
		what, old, new = append(what, "owner"), append(old, from), append(new, to)
	}
	if !slices.Equal(before.Xattrs, r.Xattrs) {
		what = append(what, "attributes")
	}
	if before.LinkedWith != r.LinkedWith {
		what = append(what, "links")
	}
	if len(what) == 0 {
		return r.appendPath(append(b, r.Event.verb()...))
	}
	last := len(what) - 1
	words := strings.Join(what[:last], ", ")
	if last > 0 {
		words += " and "
	}
	b = r.appendPath(append(b, "Change "+words+what[last]+" of"...))
	if len(old) == 0 {
		return b
	}
	b = appendQuoted(append(b, " from "...), strings.Join(old, " "))
	return appendQuoted(append(b, " to "...), strings.Join(new, " "))
}

// Ends tells whether the version ends its source: it was deleted, or is a link that leads on from
// here on. Such a version has no content and no place in the tree.
func (r *Record) Ends() bool { return r.Event == Deleted || r.LeadsOn }

// HasContent tells whether the version is of a file or link: it has a content, and a place in the
// tree.
func (r *Record) HasContent() bool { return !r.Ends() && !r.Folder }

// IsOnlyFolder tells whether the version is of a folder that was one before, or was not there: it
// changes no file's place.
func (r *Record) IsOnlyFolder() bool {
	return r.Folder && r.Event != TypeChanged && r.Event != Restored
}
