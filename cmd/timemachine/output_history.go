package main

import (
	"time"

	"timemachine/repo"
	"timemachine/repo/record"
)

// entryDocument is one version as log and show print it: what run prints of a version, and its place in the history.
type entryDocument struct {
	versionEntry
	Type             string  `json:"type,omitempty"` // file or symlink; none for a deletion
	Since            string  `json:"since"`          // from when on it was in force
	Captured         string  `json:"captured"`
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

func entryJSON(e *repo.Entry) entryDocument {
	d := entryDocument{
		versionEntry:     versionJSON(e.Version),
		Since:            timeJSON(e.Since),
		Captured:         timeJSON(e.Captured),
		RenamedFrom:      e.RenamedFrom,
		RenamedFromBytes: rawBytes(e.RenamedFrom),
		Previous:         idText(e.Previous),
		Scan:             e.Scan,
	}
	if e.Event != record.Deleted {
		d.Type, d.Torn, d.User, d.Group, d.UID, d.GID = typeText(e.Link), e.Torn, e.User, e.Group, &e.UID, &e.GID
	}
	if b := e.Before; b != nil && b.Event != record.Deleted {
		d.SizeBefore = &b.Size
		if m := modeText(b.Mode); e.Event != record.Deleted && m != d.Mode {
			d.ModeBefore = m
		}
		if o := ownerText(&b.Record); e.Event != record.Deleted && o != ownerText(&e.Record) {
			d.OwnerBefore = o
		}
	}
	return d
}

func typeText(link bool) string {
	if link {
		return "symlink"
	}
	return "file"
}

// timeJSON is a moment in JSON: RFC 3339 in UTC with nine digits of nanoseconds, as in records.
func timeJSON(t time.Time) string { return record.FormatTime(t) }
