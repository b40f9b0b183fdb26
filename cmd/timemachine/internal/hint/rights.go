package hint

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"timemachine/repo/durable"
	"timemachine/repo/trust"
	"timemachine/watch/disk"
)

// place is a folder of a destination in which a command works.
type place struct {
	path  string
	owner uint32 // with this user's rights the command runs
	id    string // device and inode, as stat(1) prints them; "" where the path may lead anywhere
	// a user who is neither root nor the owner can put another folder at the path
	exchangeable bool
}

// lookAt examines a folder. A link on the way that a third user owns may lead anywhere: that user
// counts as the owner, since with their rights the command does what they could do themselves.
func lookAt(path string) (place, error) {
	d, err := durable.OpenTrusted(path, false)
	var link *durable.OthersLinkError
	if errors.As(err, &link) {
		return place{path: path, owner: link.UID}, nil
	}
	if err != nil {
		return place{}, err
	}
	defer d.Close()
	st, err := d.Lstat("")
	if err != nil {
		return place{}, err
	}
	return place{path: path, owner: st.UID, id: fmt.Sprintf("%d:%d", st.Dev, st.Ino), exchangeable: trust.IsExchangeable(path, st.UID)}, nil
}

// gitFolder is the folder of a destination or clone whose owner git asks for.
func gitFolder(dest string) string {
	folder := filepath.Join(dest, ".git")
	if st, err := os.Lstat(folder); err == nil && st.IsDir() {
		return folder
	}
	return dest
}

// checkBelow returns an error where a third user owns a folder between the place and a path in it.
func (p *place) checkBelow(path string) error {
	for folder := filepath.Dir(path); len(folder) > len(p.path); folder = filepath.Dir(folder) {
		if uid, err := trust.OwnerOf(folder); err == nil && uid != 0 && uid != p.owner {
			return &trust.UntrustedError{Path: folder, UID: uid}
		}
	}
	return nil
}

// as is a command that is run with the rights of a user. Programs of that user's, which git may
// run, get neither root's environment nor its terminal: they could type into it, read on what is
// typed, and write what acts on it.
func (s Speller) as(uid uint32, command string) string {
	if int(uid) == s.User {
		return command
	}
	if strings.ContainsAny(command, "&>") {
		command = "sh -c " + ShellWord(command)
	}
	run := fmt.Sprintf("setsid -w setpriv --reuid %d --regid %d --clear-groups --reset-env", uid, disk.GroupsOf(uid)[0])
	if s.User != 0 || runtime.GOOS != "linux" {
		run = fmt.Sprintf("sudo -H -u '#%d'", uid)
	}
	return run + " " + command + " </dev/null 2>&1 | cat -v"
}

// names spells what a command names in a destination.
type names struct {
	dest   string
	inside string // the folder in which the command runs; "" where it can run anywhere
}

// word is the path of a file as a word of the command.
func (n names) word(path string) string {
	if n.inside != "" {
		path = "." + strings.TrimPrefix(path, n.inside)
	}
	return ShellWord(path)
}

// git is a git command on the destination.
func (n names) git(words ...string) string {
	command := "git -C " + ShellWord(n.dest)
	switch n.inside {
	case "":
	case n.dest: // bare
		command = "git --git-dir=."
	default:
		command = "git --git-dir=. --work-tree=.."
	}
	return command + " " + strings.Join(words, " ")
}

// Git is a git command that works on a destination or a clone, with the rights of its owner: git
// runs programs that the repository's configuration names. The caller passes file names through
// ShellWord before.
func (s Speller) Git(dest string, words ...string) string {
	return s.Spelled.Add(s.inDest(dest, func(n names) string { return n.git(words...) }))
}

// Chmod is a command that changes the mode of a folder of a destination, with the rights of its
// owner.
func (s Speller) Chmod(dest, mode, path string) string {
	return s.Spelled.Add(s.inDest(dest, func(n names) string { return "chmod " + mode + " " + n.word(path) }, path))
}

// inDest is a command that works on a destination, on the files at the paths. It runs with the
// rights of the owner. Where a third user can put another folder in the place of theirs, it enters
// the folder, sees that this is the one that was examined, and names all from there.
func (s Speller) inDest(dest string, spell func(n names) string, paths ...string) string {
	folder := gitFolder(dest)
	for _, path := range paths {
		if !strings.HasPrefix(path, folder+"/") {
			folder = dest
		}
	}
	p, err := lookAt(folder)
	for _, path := range paths {
		if err == nil {
			err = p.checkBelow(path)
		}
	}
	if err != nil {
		return unsafe(err)
	}
	if !p.exchangeable {
		return s.as(p.owner, spell(names{dest: dest}))
	}
	return s.as(p.owner, fmt.Sprintf(`(cd %s && [ "$(%s .)" = %s ] && %s)`, ShellWord(folder), statCommand(), p.id, spell(names{dest, folder})))
}

// statCommand is the command that prints the device and inode of a file.
func statCommand() string {
	if runtime.GOOS == "linux" {
		return "stat -c %d:%i"
	}
	return "stat -f %d:%i"
}

// move is the command that gives a file another name, which is its own name with an ending. The
// name is a new one: where it is a folder's, or a link's to one, mv would move the file into it.
func move(n names, path, ending string) string {
	to := path + ending
	for i := 2; ; i++ {
		if _, err := os.Lstat(to); err != nil {
			break
		}
		to = path + ending + strconv.Itoa(i)
	}
	command := "mv "
	if runtime.GOOS == "linux" {
		command = "mv -T "
	}
	return command + n.word(path) + " " + n.word(to)
}

// unsafe stands where a command would be that cannot be pasted without danger.
func unsafe(err error) string { return "(no command is safe there: " + err.Error() + ")" }

// MayRunGit tells whether this user may run git on a destination or a clone without the command
// that Git spells: the user or root owns it, and no third user can put another in its place. Else
// git would run what others have configured. isFolder tells whether its repository is the folder
// itself or .git in it, and not elsewhere.
func (s Speller) MayRunGit(dest string) (may, isFolder bool, err error) {
	folder := gitFolder(dest)
	p, err := lookAt(folder)
	if err != nil {
		return false, false, err
	}
	_, gitErr := os.Lstat(filepath.Join(dest, ".git"))
	isFolder = folder != dest || errors.Is(gitErr, os.ErrNotExist)
	return (p.owner == 0 || int(p.owner) == s.User) && !p.exchangeable && p.id != "", isFolder, nil
}
