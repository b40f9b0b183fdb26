package runstate

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"timemachine/repo/durable"
)

// prunedName is the file that tells by which policy runs keep copies, and when they removed others
// last; then by which policies they did before, and until when.
const prunedName = "pruned"

// PruneAgain ends the policy of a note after which not all copies could be removed.
const PruneAgain = " again"

// KeptBy is a policy by which runs kept copies until a moment.
type KeptBy struct {
	Policy string
	Until  time.Time
}

// mostKeptBy is how many earlier policies are noted. The oldest ones are forgotten.
const mostKeptBy = 16

// WritePruned notes that the copies were removed that a policy did not keep at a moment. The policy
// that was noted before is kept among the earlier ones. It is not forced to disk: the next run
// looks at all copies again where it is lost.
func WritePruned(dir *durable.Dir, policy string, at time.Time) error {
	earlier, err := KeptBefore(dir, policy)
	if err != nil {
		return err
	}
	text := noteOfPruned(policy, at)
	for _, k := range earlier[max(0, len(earlier)-mostKeptBy):] {
		text = fmt.Appendf(text, "%s %s\n", k.Policy, k.Until.UTC().Format(time.RFC3339Nano))
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
		name, when, _ := strings.Cut(line, " ")
		if until, err := time.Parse(time.RFC3339Nano, when); err == nil {
			earlier = append(earlier, KeptBy{name, until})
		}
	}
	return lines[0], at, earlier, nil
}

// KeptBefore are the policies by which copies were kept before the given one, the oldest first: of
// what they did not keep, the copies may be gone.
func KeptBefore(dir *durable.Dir, policy string) ([]KeptBy, error) {
	last, at, earlier, err := readPruned(dir)
	if last = strings.TrimSuffix(last, PruneAgain); err != nil || last == "" || last == strings.TrimSuffix(policy, PruneAgain) {
		return earlier, err
	}
	if ran, _, err := LastRun(dir); err == nil && ran.After(at) {
		at = ran
	}
	return append(earlier, KeptBy{last, at}), nil
}

// ForgetKeptBefore notes that what earlier policies left out is there.
func ForgetKeptBefore(dir *durable.Dir) error {
	policy, at, earlier, err := readPruned(dir)
	if err != nil || len(earlier) == 0 {
		return err
	}
	return dir.Put(prunedName, noteOfPruned(policy, at))
}

func noteOfPruned(policy string, at time.Time) []byte {
	return fmt.Appendf(nil, "%s\n%s\n", policy, at.UTC().Format(time.RFC3339Nano))
}
