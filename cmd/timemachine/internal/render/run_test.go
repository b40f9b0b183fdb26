package render

import (
	"errors"
	"io/fs"
	"testing"

	"timemachine/watch/scan"
)

func TestProblemText(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "/etc/shadow", Err: errors.New("permission denied")}
	for _, tc := range []struct {
		problem scan.Problem
		want    string
	}{
		{scan.Problem{Path: "/etc/shadow", Msg: "cannot be read", Err: denied}, "/etc/shadow: cannot be read: permission denied"},
		{scan.Problem{Path: "/etc/shadow", Msg: "open /etc/shadow: permission denied", Err: denied}, "open /etc/shadow: permission denied"},
		{scan.Problem{Msg: "copies are left out"}, "copies are left out"},
		{scan.Problem{Path: "/a\n", Msg: "is a FIFO"}, `"/a\n": is a FIFO`},
	} {
		if got := ProblemText(tc.problem); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
