package commits

import (
	"errors"
	"fmt"
	"path"
	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/git/ref"
	"timemachine/repo/record"
	"timemachine/repo/refusal"
)

// Damaged names the last commit that the branch is known to have been at, and the command that goes
// back to it.
func (r *Commits) Damaged(msg string, cause error) error {
	e := &refusal.Error{Kind: refusal.Damaged, Dest: r.Path, Msg: msg + " in " + record.Quote(r.Path), Err: cause,
		Hint: fmt.Sprintf("nothing was changed; look at it with: git -C %s fsck --full", record.ShellWord(r.Path))}
	if lost := r.Store.Unindexed(); len(lost) > 0 {
		e.Hint = "a pack has lost its idx; make it again with: " + r.IndexPack(lost[0])
		return e
	}
	last, found := r.lastCommit(errors.Is(cause, errEmptyRef))
	switch {
	case !found:
	case errors.Is(cause, errEmptyRef):
		e.Hint = fmt.Sprintf("%s is %s; go back to it with: %s", last.what, last.id, r.writeRef(last.id))
	default:
		e.Hint = fmt.Sprintf("%s is %s; after a look at git -C %s fsck --full, go back to it with: git -C %s update-ref --no-deref %s %s",
			last.what, last.id, record.ShellWord(r.Path), record.ShellWord(r.Path), record.ShellWord(r.Branch), last.id)
	}
	return e
}

// writeRef is the command that puts the branch at a commit where git itself would not find a
// repository.
func (r *Commits) writeRef(id object.ID) string {
	command := fmt.Sprintf("echo %s > %s", id, record.ShellWord(r.Git.Path(r.Branch)))
	if there, err := durable.PathExists(r.Git, path.Dir(r.Branch)); err == nil && !there {
		command = "mkdir -p " + record.ShellWord(r.Git.Path(path.Dir(r.Branch))) + " && " + command
	}
	var broken *ref.DamagedError
	if _, err := r.Refs.Read(r.Branch); errors.As(err, &broken) && broken.Packed {
		packed := r.Git.Path("packed-refs")
		command = "mv " + record.ShellWord(packed) + " " + record.ShellWord(packed+".damaged") + " && " + command
	}
	return command
}

var errEmptyRef = errors.New("the branch names no commit")

// IndexPack is the command that makes the idx of the pack with that path, without suffix.
func (r *Commits) IndexPack(base string) string {
	return fmt.Sprintf("rm -f %s && git -C %s index-pack %s", record.ShellWord(base+".idx"), record.ShellWord(r.Path), record.ShellWord(base+".pack"))
}
