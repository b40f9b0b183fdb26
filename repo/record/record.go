package record

import (
	"fmt"
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
	Metadata    Event = "metadata"     // mode or owner changed, the content did not
	Deleted     Event = "deleted"      // the source was deleted
	TypeChanged Event = "type-changed" // a file became a link, or a link a file
)

// Valid tells whether e is one of the six events.
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
	}
	return ""
}

// Record is what a commit says of one version. A version that ends its source uses only Event,
// Source, File, Captured, Previous and Scan.
type Record struct {
	Event  Event
	Source string    // absolute, clean path; exact bytes, without NUL
	Mtime  time.Time // UTC when parsed; any second, 0 to 999999999 nanoseconds
	Mode   uint32    // permissions with setuid, setgid and sticky: 0 to 07777
	Link   bool      // a symbolic link: its content is the target
	// with TypeChanged: a link that sources are recorded below, as in a folder
	Folder      bool
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

	// Captured is the moment just before the first byte was read; of a deletion, the moment it was
	// noticed. Zero in records from before this trailer.
	Captured time.Time
	// Changed is the ctime of a Metadata version: its mode or owner was set then at the latest.
	// Zero for other events, and in records from before this trailer.
	Changed time.Time
}

// appendSubject appends the message's first line, without a newline: what happened to which path,
// and of a Metadata version the mode and owner before and after.
func (r *Record) appendSubject(b []byte, before *Record) []byte {
	if r.Event != Metadata || before == nil || before.Ends() {
		return appendQuoted(append(append(b, r.Event.verb()...), ' '), r.Source)
	}
	var what, old, new string
	if before.Mode != r.Mode {
		what, old, new = "mode", fmt.Sprintf("%04o", before.Mode), fmt.Sprintf("%04o", r.Mode)
	}
	if !r.Owner().Is(before.Owner()) {
		from, to := TellApart(before.Owner(), r.Owner())
		if what == "" {
			what, old, new = "owner", from, to
		} else {
			what, old, new = what+" and owner", old+" "+from, new+" "+to
		}
	}
	if what == "" {
		return r.appendSubject(b, nil)
	}
	b = appendQuoted(append(b, "Change "+what+" of "...), r.Source)
	b = appendQuoted(append(b, " from "...), old)
	return appendQuoted(append(b, " to "...), new)
}

// Ends tells whether the version ends its source: it was deleted, or is a folder from here on. Such
// a version has no content and no place in the tree.
func (r *Record) Ends() bool { return r.Event == Deleted || r.Folder }
