package doctor

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"timemachine/cmd/timemachine/internal/hint"
	"timemachine/cmd/timemachine/internal/render"
	"timemachine/cmd/timemachine/internal/terminal"
	"timemachine/repo/trust"
	"timemachine/watch/disk"
)

// checkConfiguration finds a configuration that runs refuse, or that watches nothing.
func checkConfiguration(p *Patient) []Finding {
	switch {
	case p.ConfigFault != nil:
		remedy := "mend it with: " + p.Say.Command("config", "edit")
		if exists(p.Configuration) && unix.Access(p.Configuration, unix.R_OK) != nil {
			remedy = "let this user read it: " + p.Say.System("chmod", "u+r", hint.ShellWord(p.Configuration))
		}
		return one(Finding{Path: p.Configuration, Text: p.ConfigFault.Text, Remedy: cmp.Or(p.ConfigFault.Remedy, remedy)})
	case p.Config != nil && len(p.Config.Entries) == 0:
		return one(Finding{Path: p.Configuration, Text: "nothing is on the watch list of " + terminal.Quote(p.Configuration), Remedy: "watch files with: " + p.Say.Command("add", "PATH…")})
	}
	return nil
}

// checkTrust finds what other users can put in the place of the configuration, the destination or
// this program. Root refuses such a configuration: that is a fault of it.
func checkTrust(p *Patient) (found []Finding) {
	seen := map[string]bool{}
	for _, at := range []struct{ path, what string }{{p.Configuration, "configuration"}, {p.Destination, "destination"}} {
		if at.path == "" || !exists(at.path) || at.path == p.Configuration && p.Config == nil {
			continue
		}
		owner, err := trust.OwnerOf(at.path)
		if err != nil {
			continue
		}
		if at.what == "destination" && p.History != nil {
			owner = p.owner(owner)
		}
		writable, uid := othersWrite(at.path, owner)
		switch {
		case writable == "" && owner != 0 && int(owner) != p.User.UID && at.what == "configuration":
			found = append(found, Finding{Path: at.path, Text: fmt.Sprintf("%s %s belongs to uid %d, who can change it", at.what, terminal.Quote(at.path), owner),
				Remedy: "take it over with: " + p.Say.System("chown", p.User.Login, hint.ShellWord(at.path))})
		case writable == "" || seen[writable]:
		case uid >= 0:
			seen[writable] = true
			found = append(found, Finding{Path: writable, Text: fmt.Sprintf("%s belongs to uid %d, who can put something else in the place of %s %s", terminal.Quote(writable), uid, at.what, terminal.Quote(at.path)),
				Remedy: "move it to a folder of yours, and say so with: " + p.Say.Command("config", "edit")})
		default:
			seen[writable] = true
			text := fmt.Sprintf("other users may write to %s, and put something else in the place of %s %s", terminal.Quote(writable), at.what, terminal.Quote(at.path))
			if writable == at.path {
				text = fmt.Sprintf("other users may write to %s %s", at.what, terminal.Quote(at.path))
			}
			found = append(found, Finding{Path: writable, Text: text, Remedy: p.closing(writable)})
		}
	}
	return found
}

// closing says how a folder or file is closed to others. Root changes no mode in another user's
// folder, who could lead the command elsewhere.
func (p *Patient) closing(path string) string {
	command := p.Say.System("chmod", "go-w", hint.ShellWord(path))
	if owner, err := trust.OwnerOf(path); err != nil || p.User.UID == 0 && owner != 0 {
		return fmt.Sprintf("its owner, uid %d, closes it with: %s", owner, command)
	}
	return "close it with: " + command
}

// owner is the user who owns the repository; uid where that is not known.
func (p *Patient) owner(uid uint32) uint32 {
	if owner, err := p.History.Commits().OwnerUID(); err == nil {
		return owner
	}
	return uid
}

// othersWrite is a file or folder at, or on the way to, a path that a user can write who is neither
// root nor its owner; "" for none. uid is that user where it is theirs; -1: others may write to it.
func othersWrite(path string, owner uint32) (writable string, uid int) {
	if st, err := os.Stat(path); err == nil && st.Mode().IsRegular() && st.Mode()&0o002 != 0 {
		return path, -1
	}
	folder := trust.ExchangeableIn(path, owner)
	if folder == "" {
		return "", -1
	}
	if st, err := disk.StatAt(unix.AT_FDCWD, folder, 0); err == nil && st.UID != 0 && st.UID != owner {
		return folder, int(st.UID)
	}
	return folder, -1
}

// checkDestination finds a destination that runs cannot record to, or in which others can change
// the history.
func checkDestination(p *Patient) []Finding {
	switch {
	case p.DestFault != nil:
		return one(Finding{Path: p.Destination, Text: p.DestFault.Text, Remedy: p.DestFault.Remedy})
	case p.History == nil:
		return nil
	}
	owner := p.owner(uint32(p.User.UID))
	_, err := p.History.Commits().CheckWriters(int(owner))
	var untrusted *trust.UntrustedError
	switch {
	case errors.As(err, &untrusted) && untrusted.Mode != 0:
		return one(Finding{Path: untrusted.Path, Text: fmt.Sprintf("others may write to %s (mode %04o), and so change the history", terminal.Quote(untrusted.Path), untrusted.Mode),
			Remedy: "close it with: " + p.Say.Chmod(p.Destination, "go-w", untrusted.Path)})
	case errors.As(err, &untrusted):
		return one(Finding{Path: untrusted.Path, Text: fmt.Sprintf("%s belongs to uid %d, and the repository to uid %d: one of them cannot write all of it", terminal.Quote(untrusted.Path), untrusted.UID, owner),
			Remedy: fmt.Sprintf("let one user own all of it: uid %d", owner)})
	case p.User.UID != 0 && int(owner) != p.User.UID:
		return nil // a reader: checkReaders
	case p.User.UID != 0 && unix.Access(p.Destination, unix.W_OK) != nil:
		return one(Finding{Path: p.Destination, Text: "you may not write to destination " + terminal.Quote(p.Destination), Remedy: p.Say.System("chmod", "u+rwx", hint.ShellWord(p.Destination))})
	}
	return nil
}

// checkPrivacy finds parts of the history that other users can read: they hold what was ever in the
// sources, whatever modes those have.
func checkPrivacy(p *Patient) (found []Finding) {
	if p.Destination == "" {
		return nil
	}
	top, err := disk.StatAt(unix.AT_FDCWD, p.Destination, 0)
	if err != nil || top.Mode&0o011 == 0 || !canBeReached(p.Destination) {
		return nil
	}
	for _, name := range []string{".git", "files", "copies"} {
		path := filepath.Join(p.Destination, name)
		if st, err := disk.StatAt(unix.AT_FDCWD, path, unix.AT_SYMLINK_NOFOLLOW); err == nil && st.IsDir() && st.Mode&0o011&top.Mode != 0 {
			found = append(found, Finding{Path: path, Text: "other users can read the history in " + terminal.Quote(path) + ", also of files that are closed to them",
				Remedy: "close it with: " + p.Say.Chmod(p.Destination, "go=", path)})
		}
	}
	return found
}

// canBeReached tells whether others can come to a path.
func canBeReached(path string) bool {
	for folder := filepath.Dir(path); folder != "/"; folder = filepath.Dir(folder) {
		if st, err := disk.StatAt(unix.AT_FDCWD, folder, 0); err != nil || st.Mode&0o011 == 0 {
			return false
		}
	}
	return true
}

// logSize is more than the log and its rotated files take.
const logSize = 60 << 20

// checkLog finds a log that cannot be written, or that is not rotated.
func checkLog(p *Patient) []Finding {
	if p.ConfigFault != nil || p.Log == "" {
		return nil
	}
	at := p.Log
	if !exists(at) {
		at = filepath.Dir(at)
	}
	if err := unix.Access(at, unix.W_OK); err != nil && exists(at) {
		return one(Finding{Path: at, Text: "log " + terminal.Quote(p.Log) + " cannot be written: " + err.Error(), Remedy: p.Say.System("chmod", "u+w", hint.ShellWord(at))})
	}
	if err := trust.CheckPrivate(p.Log); err != nil && p.User.UID == 0 {
		f := Finding{Path: p.Log, Text: "log is not written: " + terminal.Escape(err.Error())}
		var untrusted *trust.UntrustedError
		if errors.As(err, &untrusted) {
			f.Remedy = p.Say.Spelled.Add(hint.Trust(untrusted))
		}
		return one(f)
	}
	var size int64
	for _, file := range append([]string{p.Log}, p.OldLogs...) {
		if st, err := os.Stat(file); err == nil {
			size += st.Size()
		}
	}
	if size > logSize {
		return one(Finding{Path: p.Log, Note: true, Text: fmt.Sprintf("log %s and the rotated ones take %s", terminal.Quote(p.Log), render.SizeText(size)),
			Remedy: "empty it with: " + p.Say.System("truncate", "-s", "0", hint.ShellWord(p.Log))})
	}
	return nil
}

// checkReaders tells who is not the owner of the repository how to read it by git.
func checkReaders(p *Patient) []Finding {
	if p.History == nil {
		return nil
	}
	owner := p.owner(uint32(p.User.UID))
	if int(owner) == p.User.UID {
		return nil
	}
	return one(Finding{Path: p.Destination, Note: true, Text: fmt.Sprintf("destination %s belongs to uid %d, and git refuses it for you (safe.directory)", terminal.Quote(p.Destination), owner),
		Remedy: "read it as that user with: " + p.Say.Git(p.Destination, "log")})
}

// exists tells whether a path names something.
func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
