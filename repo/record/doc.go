// Package record turns a record, what is known of one version of a file, into a commit's message
// and back.
//
// It is pure: no disk, no repository.
//
// # Nouns
//
// A version is one captured state of one source, or the fact that the source was deleted. Its
// record is what the commit's trailers say of it. A trailer is a line "Key: value" in the last
// paragraph of the message, as git-interpret-trailers(1) defines it.
//
// # Layout
//
//	Modify /etc/hosts
//
//	Event: modified
//	Source: /etc/hosts
//	Mtime: 2026-11-23T04:48:12.174276174Z
//	Mode: 0644
//	Type: symlink                  (symbolic links only)
//	Owner: root:root (0:0)
//	Size: 1234
//	Blob: 3b18e512dba79e4c8300dd08aeb37f8e728b8dad
//	File: files/etc/%68%6Fsts      (only where that is not the usual place of the source)
//	Copy: copies/etc/2026-11-23T04-48-12.174276Z-hosts
//	Captured: 2026-11-23T04:48:30.501234567Z
//	Changed: 2026-11-23T04:48:20.000000001Z (metadata only)
//	Previous: (commit)             (absent on a source's first version)
//	Renamed-From: /etc/hosts.old   (only where known)
//	Torn: yes                      (only where the file changed while it was read)
//	Scan: 20261123T044830Z-9f2c
//
// A deletion has Event, Source, File, Captured, Previous and Scan only. So has a link that counts
// as a folder from then on, since sources are recorded below it: its Event is type-changed, and it
// has Type: folder. Records from before the trailers Captured and Changed have neither.
//
// # Invariants
//
//   - A record's message parses to the same record. The order, foreign trailers (Signed-off-by) and
//     text above the last paragraph do not matter. A trailer of this list that occurs twice, or has
//     a value that it cannot have, is an error.
//   - A value never spans lines and never begins or ends with a space. Names that would are quoted
//     as git quotes paths (core.quotePath in git-config(1)). So no file's name can add a trailer,
//     or reach a terminal as a control sequence.
//   - Mtime, Captured and Changed are exact to the nanosecond for every second that a 64-bit count
//     can hold.
package record
