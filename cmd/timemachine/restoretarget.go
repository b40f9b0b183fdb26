package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/restore"
)

// restoreTarget says where versions are written.
type restoreTarget struct {
	folder string                     // "": to their own paths
	place  func(source string) string // below folder; nil: under the full path
}

// restoreTarget is what --to and --strip mean for what is selected. One file goes to the name of
// the target, as cp takes it, unless that is a folder, or ends in a slash.
func (a *app) restoreTarget(p *place, o restoreOptions, list []restore.Selection) (restoreTarget, error) {
	if o.to == "" {
		return restoreTarget{}, nil
	}
	abs, err := a.absolute(o.to)
	if err != nil {
		return restoreTarget{}, err
	}
	if where := destinationReason(p.dest, abs); where != "" {
		return restoreTarget{}, &usageError{msg: terminal.Quote(abs) + ": " + where, hint: "restore to a folder outside the destination"}
	}
	st, statErr := os.Stat(abs)
	if isOneFile(list) && !strings.HasSuffix(o.to, "/") && (statErr != nil || !st.IsDir()) {
		return a.fileTarget(o, abs)
	}
	if statErr == nil && !st.IsDir() {
		return restoreTarget{}, &usageError{msg: terminal.Quote(abs) + " is no folder", hint: "only one file can be restored to a name"}
	}
	t := restoreTarget{folder: abs}
	if o.strip > 0 {
		t.place = func(source string) string { return stripNames(source, o.strip) }
		err = checkPlaces(o.strip, t.place, list)
	}
	return t, err
}

// isOneFile tells whether one file or link is selected, by its own path.
func isOneFile(list []restore.Selection) bool {
	return len(list) == 1 && len(list[0].Entries) == 1 && list[0].Entries[0].Source == list[0].Path && list[0].Entries[0].HasContent()
}

// fileTarget is the name that one file is restored to.
func (a *app) fileTarget(o restoreOptions, abs string) (restoreTarget, error) {
	folder, name := filepath.Split(abs)
	if o.strip > 0 {
		return restoreTarget{}, &usageError{msg: "--strip needs a folder, and " + terminal.Quote(abs) + " is none", hint: "a slash at its end makes one: --to " + hint.ShellWord(o.to+"/")}
	}
	if st, err := os.Stat(folder); err != nil || !st.IsDir() {
		return restoreTarget{}, &usageError{msg: terminal.Quote(filepath.Clean(folder)) + " is no folder, to write " + terminal.Quote(name) + " in",
			hint: "make it first; or restore below a new folder, under the full path: --to " + hint.ShellWord(o.to+"/")}
	}
	return restoreTarget{folder: filepath.Clean(folder), place: func(string) string { return name }}, nil
}

// stripNames is a path without its first n names; "" where it has no more.
func stripNames(source string, n int) string {
	for range n {
		_, rest, ok := strings.Cut(strings.TrimPrefix(source, "/"), "/")
		if !ok {
			return ""
		}
		source = rest
	}
	return source
}

// checkPlaces refuses to leave a file out because its path is too short, and to write two files to
// one place.
func checkPlaces(n int, place func(string) string, list []restore.Selection) error {
	taken := map[string]string{}
	for _, s := range list {
		for i := range s.Entries {
			e := &s.Entries[i]
			to := place(e.Source)
			other, twice := taken[to]
			switch {
			case to == "" && e.Folder:
			case to == "":
				return &usageError{msg: "--strip " + strconv.Itoa(n) + " leaves nothing of " + terminal.Quote(e.Source), hint: "strip fewer names"}
			case twice && other != e.Source && !e.Folder:
				return &usageError{msg: "--strip " + strconv.Itoa(n) + " gives " + terminal.Quote(other) + " and " + terminal.Quote(e.Source) + " the same name", hint: "strip fewer names, or restore them one after the other"}
			default:
				taken[to] = e.Source
			}
		}
	}
	return nil
}
