package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/history"
	"timemachine/repo/record"
)

// VersionDocument is one version. SourceBytes is set where Source is not UTF-8 and so lossy.
type VersionDocument struct {
	Event       string `json:"event"`
	Source      string `json:"source"`
	SourceBytes string `json:"source_bytes,omitempty"`
	Mtime       string `json:"mtime,omitempty"`
	Mode        string `json:"mode,omitempty"`
	Size        int64  `json:"size"`
	Blob        string `json:"blob,omitempty"`
	Commit      string `json:"commit"`
	Copy        string `json:"copy,omitempty"`
	CopyBytes   string `json:"copy_bytes,omitempty"`
}

func versionJSON(v record.Version) VersionDocument {
	e := VersionDocument{
		Event:       string(v.Event),
		Source:      v.Source,
		SourceBytes: RawBytes(v.Source),
		Commit:      IDText(v.Commit),
	}
	if v.Ends() {
		return e
	}
	e.Mode = modeText(v.Mode)
	if v.Folder {
		return e
	}
	e.Mtime = record.FormatTime(v.Mtime)
	e.Size, e.Blob, e.Copy, e.CopyBytes = v.Size, IDText(v.Blob), v.Copy, RawBytes(v.Copy)
	return e
}

// EntryDocument is one version as log and show print it: a version with its position in the
// history.
type EntryDocument struct {
	VersionDocument
	Type             string  `json:"type,omitempty"` // none for a file's deletion
	Since            string  `json:"since"`          // from when on it was in force
	Captured         string  `json:"captured"`
	Changed          string  `json:"changed,omitempty"` // the ctime, of metadata
	User             string  `json:"user,omitempty"`
	Group            string  `json:"group,omitempty"`
	UID              *uint32 `json:"uid,omitempty"`
	GID              *uint32 `json:"gid,omitempty"`
	Torn             bool    `json:"torn,omitempty"`
	RenamedFrom      string  `json:"renamed_from,omitempty"`
	RenamedFromBytes string  `json:"renamed_from_bytes,omitempty"`
	Previous         string  `json:"previous,omitempty"`
	Scan             string  `json:"scan,omitempty"`
	SizeBefore       *int64  `json:"size_before,omitempty"`
	ModeBefore       string  `json:"mode_before,omitempty"`
	OwnerBefore      string  `json:"owner_before,omitempty"`

	Xattrs          []XattrDocument `json:"xattrs,omitempty"`
	LinkedWith      string          `json:"linked_with,omitempty"`
	LinkedWithBytes string          `json:"linked_with_bytes,omitempty"`
	RestoredFrom    string          `json:"restored_from,omitempty"`
}

// XattrDocument is an extended attribute: its value, or the blob of a long one. ValueBytes is set
// where the value is not UTF-8 and so lossy.
type XattrDocument struct {
	Name       string `json:"name"`
	NameBytes  string `json:"name_bytes,omitempty"`
	Value      string `json:"value,omitempty"`
	ValueBytes string `json:"value_bytes,omitempty"`
	Blob       string `json:"blob,omitempty"`
}

func xattrsJSON(xattrs []record.Xattr) (list []XattrDocument) {
	for _, x := range xattrs {
		list = append(list, XattrDocument{Name: x.Name, NameBytes: RawBytes(x.Name), Value: x.Value, ValueBytes: RawBytes(x.Value), Blob: IDText(x.Blob)})
	}
	return list
}

func EntryJSON(e *history.Entry) EntryDocument {
	d := EntryDocument{
		VersionDocument:  versionJSON(e.Version),
		Since:            record.FormatTime(e.Since),
		Captured:         record.FormatTime(e.CaptureTime()),
		Changed:          TimeText(e.Changed),
		RenamedFrom:      e.RenamedFrom,
		RenamedFromBytes: RawBytes(e.RenamedFrom),
		Previous:         IDText(e.Previous),
		Scan:             e.Scan,
		Xattrs:           xattrsJSON(e.Xattrs),
		LinkedWith:       e.LinkedWith,
		LinkedWithBytes:  RawBytes(e.LinkedWith),
		RestoredFrom:     IDText(e.RestoredFrom),
	}
	if !e.Ends() {
		d.Torn, d.User, d.Group, d.UID, d.GID = e.Torn, e.User, e.Group, &e.UID, &e.GID
	}
	if !e.Ends() || e.Folder || e.LeadsOn {
		d.Type = TypeText(e.Link, e.Folder || e.LeadsOn)
	}
	if b := e.Before; b != nil && !b.Ends() {
		if b.HasContent() {
			d.SizeBefore = &b.Size
		}
		if m := modeText(b.Mode); !e.Ends() && m != d.Mode {
			d.ModeBefore = m
		}
		if !e.Ends() && !b.Owner().Is(e.Owner()) {
			d.OwnerBefore, _ = record.TellApart(b.Owner(), e.Owner())
		}
	}
	return d
}

// EntryLine is a version in one line: time, event, commit, size with its change, path, and other
// changes. A deletion can be a rename to another name.
func EntryLine(e *history.Entry, renamedTo string, zone *time.Location) string {
	size, change := SizeChange(e)
	if change != "" {
		size += " (" + change + ")"
	}
	line := fmt.Sprintf("%s  %-12s  %s  %-20s  %s", LocalTime(e.Since, zone), e.Event, e.Commit.Short(), size, terminal.Quote(e.Source))
	about := Changes(e)
	if renamedTo != "" {
		about = append(about, "renamed to "+terminal.Quote(renamedTo))
	}
	if len(about) > 0 {
		line += "  (" + strings.Join(about, ", ") + ")"
	}
	return line
}

// SizeChange is the size of a version, and the difference from the version before; "" for none.
func SizeChange(e *history.Entry) (size, change string) {
	if !e.HasContent() {
		return "-", ""
	}
	if b := e.Before; b != nil && b.HasContent() && b.Size != e.Size {
		sign, d := "+", e.Size-b.Size
		if d < 0 {
			sign, d = "-", -d
		}
		change = sign + SizeText(d)
	}
	return SizeText(e.Size), change
}

// Changes are the changes of a version besides its content.
func Changes(e *history.Entry) []string {
	var about []string
	if e.Folder && e.Event != record.TypeChanged {
		about = append(about, "folder")
	}
	if e.RenamedFrom != "" {
		about = append(about, "renamed from "+terminal.Quote(e.RenamedFrom))
	}
	if e.Before != nil {
		before, now := SideOf(e.Before), SideOf(&e.Version)
		before.Closed = true // recordedChanges tells of the extended attributes
		about = append(about, attributeChanges(&before, &now)...)
	}
	about = append(about, recordedChanges(e)...)
	if e.Torn {
		about = append(about, "changed while it was read")
	}
	return about
}

// recordedChanges are the changes of what only a record tells: extended attributes, hard links, and
// what was restored.
func recordedChanges(e *history.Entry) []string {
	var about []string
	linked := ""
	if b := e.Before; b != nil && !b.Ends() {
		linked = b.LinkedWith
		if names := changedXattrs(b.Xattrs, e.Xattrs); len(names) > 0 && !e.Ends() {
			about = append(about, "attributes "+record.QuoteSome(names))
		}
	}
	switch {
	case e.Ends() || e.LinkedWith == linked:
	case e.LinkedWith == "":
		about = append(about, "no longer a hard link of "+terminal.Quote(linked))
	default:
		about = append(about, "hard link of "+terminal.Quote(e.LinkedWith))
	}
	if !e.RestoredFrom.IsZero() {
		about = append(about, "from commit "+e.RestoredFrom.Short())
	}
	return about
}

// changedXattrs lists the names of the attributes that only one of two states has, or with another
// value.
func changedXattrs(from, to []record.Xattr) []string {
	changed := map[string]bool{}
	for _, x := range from {
		changed[x.Name] = !slices.Contains(to, x)
	}
	for _, x := range to {
		changed[x.Name] = !slices.Contains(from, x)
	}
	maps.DeleteFunc(changed, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(changed))
}

// kindText is the kind of a state in a word.
func (s *Side) kindText() string {
	switch {
	case s.Folder:
		return "folder"
	case s.Link:
		return "link"
	}
	return "file"
}
