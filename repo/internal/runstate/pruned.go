package runstate

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
)

// prunedName is the file that tells by which policy runs keep copies, and when they removed others
// last; then by which policies they did before, and until when and which commit.
const prunedName = "pruned"

// PruneAgain ends the policy of a note after which not all copies could be removed.
const PruneAgain = " again"

// NotPruned ends the policy of a note by which not all copies were looked at yet.
const NotPruned = " new"

// NotedPolicy is the policy of a note, without what ends it.
func NotedPolicy(note string) string {
	policy, _, _ := strings.Cut(note, " ")
	return policy
}

// KeptBy is a policy by which runs kept copies until a moment.
type KeptBy struct {
	Policy string
	Until  time.Time
	Tip    object.ID // the last commit by this policy; zero in the notes of earlier timemachines
}

// mostKeptBy is how many earlier policies are noted. The oldest ones are forgotten.
const mostKeptBy = 16

// WritePruned notes that the copies were removed that a policy did not keep at a moment. The policy
// that was noted before is kept among the earlier ones: it was in force up to the commit base. The
// note is not forced to disk: the next run looks at all copies again where it is lost.
func WritePruned(dir *durable.Dir, policy string, at time.Time, base object.ID) error {
	earlier, err := KeptBefore(dir, policy, base)
	if err != nil {
		return err
	}
	text := noteOfPruned(policy, at)
	for _, k := range earlier[max(0, len(earlier)-mostKeptBy):] {
		text = fmt.Appendf(text, "%s %s", k.Policy, k.Until.UTC().Format(time.RFC3339Nano))
		if !k.Tip.IsZero() {
			text = fmt.Appendf(text, " %s", k.Tip)
		}
		text = append(text, '\n')
	}
	return dir.Put(prunedName, text)
}

// Pruned reads what [WritePruned] noted; nothing for a missing or damaged note.
func Pruned(dir *durable.Dir) (policy string, at time.Time, err error) {
	policy, at, _, err = readPruned(dir)
	return policy, at, err
}

func readPruned(dir *durable.Dir) (policy string, at time.Time, earlier []KeptBy, err error) {
	b, err := dir.ReadFile(prunedName, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return "", at, nil, nil
	}
	if err != nil {
		return "", at, nil, err
	}
	lines := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	if len(lines) < 2 {
		return "", at, nil, nil
	}
	if at, err = time.Parse(time.RFC3339Nano, lines[1]); err != nil {
		return "", time.Time{}, nil, nil
	}
	for _, line := range lines[2:] {
		name, rest, _ := strings.Cut(line, " ")
		when, commit, _ := strings.Cut(rest, " ")
		if until, err := time.Parse(time.RFC3339Nano, when); err == nil {
			id, _ := object.ParseID(commit)
			earlier = append(earlier, KeptBy{name, until, id})
		}
	}
	return lines[0], at, earlier, nil
}

// KeptBefore are the policies by which copies were kept before the given one, the oldest first: of
// what they did not keep, the copies may be gone. Where the last of them is another one than the
// given one, it was in force up to the commit base; zero: before the first one.
func KeptBefore(dir *durable.Dir, policy string, base object.ID) ([]KeptBy, error) {
	last, at, earlier, err := readPruned(dir)
	last = NotedPolicy(last)
	if err != nil || last == "" || last == NotedPolicy(policy) || base.IsZero() {
		return earlier, err
	}
	if ran, _, err := LastRun(dir); err == nil && ran.After(at) {
		at = ran
	}
	return append(earlier, KeptBy{last, at, base}), nil
}

// ForgetKeptBefore notes that the copies are there that a policy keeps at a moment, whatever
// earlier ones left out. Where it is another one than before, the next run looks for copies to
// remove.
func ForgetKeptBefore(dir *durable.Dir, policy string, now time.Time) error {
	last, at, earlier, err := readPruned(dir)
	switch {
	case err != nil || last == "":
		return err
	case NotedPolicy(last) != policy:
		last, at = policy+NotPruned, now
	case len(earlier) == 0:
		return nil
	}
	return dir.Put(prunedName, noteOfPruned(last, at))
}

func noteOfPruned(policy string, at time.Time) []byte {
	return fmt.Appendf(nil, "%s\n%s\n", policy, at.UTC().Format(time.RFC3339Nano))
}
