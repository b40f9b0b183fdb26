package fault_test

import (
	"testing"

	"timemachine/repo/internal/transport/fault"
)

// TestOfWords sorts what servers are known to say.
func TestOfWords(t *testing.T) {
	for text, want := range map[string]fault.Kind{
		"failed to update ref":           fault.Rejected,
		"protected branch hook declined": fault.Rejected,
		"non-fast-forward":               fault.Rejected,
		"cannot lock ref 'refs/heads/main': Unable to create '/r/refs/heads/main.lock': File exists.":  fault.Locked,
		"unable to create temporary object directory: Read-only file system":                           fault.ReadOnly,
		"fatal: '/srv/x' does not appear to be a git repository":                                       fault.NoRepository,
		"ERROR: Repository not found.\nfatal: Could not read from remote repository.":                  fault.NoRepository,
		"remote: The project you were looking for could not be found or you don't have permission":     fault.NoRepository,
		"ERROR: Permission to a/b.git denied to deploy key\nERROR: the key is not authorized for push": fault.Forbidden,
		"remote: Forbidden": fault.Forbidden,
	} {
		if got := fault.OfWords(text); got != want {
			t.Errorf("%q: kind %d, not %d", text, got, want)
		}
	}
}
