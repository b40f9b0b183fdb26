package render

import (
	"fmt"
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
		SourceBytes: rawBytes(v.Source),
		Commit:      idText(v.Commit),
	}
	if v.Ends() {
		return e
	}
	e.Mtime = record.FormatTime(v.Mtime)
	e.Mode = modeText(v.Mode)
	e.Size, e.Blob, e.Copy, e.CopyBytes = v.Size, idText(v.Blob), v.Copy, rawBytes(v.Copy)
	return e
}

// EntryDocument is one version as log and show print it: a version with its position in the
// history.
type EntryDocument struct {
	VersionDocument
	Type             string  `json:"type,omitempty"` // file, symlink or folder; none for a deletion
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
}

func EntryJSON(e *history.Entry) EntryDocument {
	d := EntryDocument{
		VersionDocument:  versionJSON(e.Version),
		Since:            record.FormatTime(e.Since),
		Captured:         record.FormatTime(e.CaptureTime()),
		Changed:          timeText(e.Changed),
		RenamedFrom:      e.RenamedFrom,
		RenamedFromBytes: rawBytes(e.RenamedFrom),
		Previous:         idText(e.Previous),
		Scan:             e.Scan,
	}
	if !e.Ends() {
		d.Type, d.Torn, d.User, d.Group, d.UID, d.GID = typeText(e.Link), e.Torn, e.User, e.Group, &e.UID, &e.GID
	}
	if e.Folder {
		d.Type = "folder"
	}
	if b := e.Before; b != nil && !b.Ends() {
		d.SizeBefore = &b.Size
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
// changes.
func EntryLine(e *history.Entry, zone *time.Location, colour bool) string {
	commit := e.Commit.Short()
	if colour {
		commit = "\x1b[33m" + commit + "\x1b[m"
	}
	line := fmt.Sprintf("%s  %-12s  %s  %-20s  %s", LocalTime(e.Since, zone), e.Event, commit, sizeChange(e), terminal.Quote(e.Source))
	if about := changes(e); len(about) > 0 {
		line += "  (" + strings.Join(about, ", ") + ")"
	}
	return line
}

// sizeChange is the size of a version, and the difference from the version before.
func sizeChange(e *history.Entry) string {
	if e.Ends() {
		return "-"
	}
	text := sizeText(e.Size)
	if b := e.Before; b != nil && !b.Ends() && b.Size != e.Size {
		sign, d := "+", e.Size-b.Size
		if d < 0 {
			sign, d = "-", -d
		}
		text += " (" + sign + sizeText(d) + ")"
	}
	return text
}

// changes are the changes of a version besides its content.
func changes(e *history.Entry) []string {
	var about []string
	if e.RenamedFrom != "" {
		about = append(about, "renamed from "+terminal.Quote(e.RenamedFrom))
	}
	if e.Before != nil {
		before, now := SideOf(e.Before), SideOf(&e.Version)
		about = append(about, attributeChanges(&before, &now)...)
	}
	if e.Torn {
		about = append(about, "changed while it was read")
	}
	return about
}

func kindText(link bool) string {
	if link {
		return "link"
	}
	return "file"
}
