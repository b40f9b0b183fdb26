package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/durable"
	"timemachine/watch/config"
)

// candidate is a path that may go on the watch list.
type candidate struct {
	path    string // absolute
	pattern bool   // path is a pattern or an exclusion, as it stands in the watch list
	missing bool   // does not exist, and need not
	already bool   // an entry selects it now
}

// candidates checks the paths of an add. It returns those that can be watched, and the number of
// those refused, each of which it names. c is nil where there is no configuration yet.
func (a *app) candidates(p *place, c *config.Config, o addOptions) (wanted []candidate, refused int) {
	seen := map[string]bool{}
	for _, arg := range o.paths {
		w, err := a.candidate(p, c, arg, o.missingOK)
		if err != nil {
			a.printError(err)
			refused++
			continue
		}
		if !seen[w.path] {
			seen[w.path] = true
			wanted = append(wanted, w)
		}
	}
	return wanted, refused
}

// candidate is the one of an argument.
func (a *app) candidate(p *place, c *config.Config, arg string, missingOK bool) (candidate, error) {
	if arg == "" {
		return candidate{}, &usageError{msg: "an empty path cannot be watched", hint: "name a file or a folder"}
	}
	path, err := a.absolute(arg)
	if err != nil {
		return candidate{}, err
	}
	if !utf8.ValidString(path) {
		return candidate{}, &usageError{msg: terminal.Quote(path) + ": the name is not UTF-8, which the configuration must be",
			hint: "watch its folder, or a pattern that matches it"}
	}
	if _, err := os.Lstat(path); err != nil && config.IsPattern(arg) {
		return a.patternCandidate(p, c, arg, missingOK)
	}
	if where := destinationReason(p.dest, path); where != "" {
		return candidate{}, &usageError{msg: terminal.Quote(path) + ": " + where, hint: "watch what lies outside the destination"}
	}
	w := candidate{path: path}
	if w.missing, err = a.checkWatchable(path, missingOK); err != nil {
		return candidate{}, err
	}
	w.already = c != nil && alreadySelected(c, path)
	return w, nil
}

// patternCandidate is the candidate of a pattern or an exclusion that no file has for its name.
func (a *app) patternCandidate(p *place, c *config.Config, arg string, missingOK bool) (candidate, error) {
	w := candidate{path: config.PatternText(arg, a.dir), pattern: true}
	root, err := config.PatternRoot(p.config, a.watchEnv(), w.path)
	if err != nil {
		return w, err
	}
	w.already = slices.Contains(c.Lines(), w.path)
	if root == "" {
		return w, nil
	}
	if where := destinationReason(p.dest, root); where != "" {
		return w, &usageError{msg: terminal.Quote(root) + ": " + where, hint: "watch what lies outside the destination"}
	}
	info, err := os.Stat(root)
	switch {
	case durable.IsNoEntry(err):
		_, err = a.checkMissing(root, missingOK)
		return w, err
	case err == nil && !info.IsDir():
		return w, &usageError{msg: terminal.Quote(root) + ": is not a folder", hint: "the pattern " + terminal.Quote(arg) + " begins there"}
	}
	return w, nil
}

// checkWatchable refuses a path that no run could ever capture. A path that only cannot be read now
// is left to the run.
func (a *app) checkWatchable(path string, missingOK bool) (missing bool, err error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir() && !info.Mode().IsRegular():
		return false, &usageError{msg: terminal.Quote(path) + ": is " + fileKind(info.Mode()), hint: "only files and folders can be watched"}
	case err == nil, errors.Is(err, fs.ErrPermission):
		return false, nil
	case durable.IsNoEntry(err):
		return a.checkMissing(path, missingOK)
	}
	return false, &usageError{msg: terminal.Quote(path) + ": " + durable.Reason(err)}
}

func (a *app) checkMissing(path string, missingOK bool) (missing bool, err error) {
	if missingOK {
		return true, nil
	}
	msg := terminal.Quote(path) + ": does not exist"
	if target, err := os.Readlink(path); err == nil {
		msg = terminal.Quote(path) + ": links to " + terminal.Quote(target) + ", which does not exist"
	}
	again := a.again("--missing-ok", "")
	if a.command == programName { // the original flag
		again = a.spell("add", "--missing-ok", hint.ShellWord(path))
	}
	return false, &usageError{msg: msg, hint: again + " watches it all the same"}
}

func fileKind(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a FIFO"
	case m&fs.ModeSocket != 0:
		return "a socket"
	}
	return "a device"
}

// destinationReason says why a path belongs to the destination itself; "" if it does not.
func destinationReason(dest, path string) string {
	dest, path = resolveLinks(dest), resolveLinks(path)
	rest, below := strings.CutPrefix(path, strings.TrimSuffix(dest, "/")+"/")
	switch {
	case path == dest:
		return "is the destination itself"
	case below && slices.Contains([]string{".git", "files", "copies"}, firstPart(rest)):
		return "lies in the destination's own folders"
	}
	return ""
}

func firstPart(path string) string {
	first, _, _ := strings.Cut(path, "/")
	return first
}

// resolveLinks is path with its links resolved, as far as it exists.
func resolveLinks(path string) string {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		return real
	}
	if path == "/" {
		return path
	}
	return filepath.Join(resolveLinks(filepath.Dir(path)), filepath.Base(path))
}

// alreadySelected tells whether a run would capture path without a new entry. A link below a listed
// folder is recorded as a link; to list the link asks for its content. Only an entry of its own
// counts there. For a folder only listed folders count, since a pattern may match the files of
// today and not those of tomorrow.
func alreadySelected(c *config.Config, path string) bool {
	info, err := os.Lstat(path)
	for _, e := range c.Entries {
		switch {
		case e.IsLiteral() && e.Root == path:
			return true
		case err != nil || info.Mode()&fs.ModeSymlink != 0 || throughLink(e, path):
			continue
		case (e.IsLiteral() || !info.IsDir()) && e.Selects(path) && !e.Excludes(path, info.IsDir()):
			return true
		}
	}
	return false
}

// throughLink tells whether a link lies between an entry's root and path: a run does not follow it.
func throughLink(e *config.Entry, path string) bool {
	for dir := filepath.Dir(path); len(dir) > len(e.Root); dir = filepath.Dir(dir) {
		if info, err := os.Lstat(dir); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}
