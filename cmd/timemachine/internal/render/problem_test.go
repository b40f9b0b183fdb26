package render

import (
	"errors"
	"io/fs"
	"testing"

	"timemachine/watch"
)

func TestProblemText(t *testing.T) {
	denied := &fs.PathError{Op: "open", Path: "/etc/shadow", Err: errors.New("permission denied")}
	for _, tc := range []struct {
		problem watch.Problem
		want    string
	}{
		{watch.Problem{Path: "/etc/shadow", Msg: "cannot be read", Err: denied}, "/etc/shadow: cannot be read: permission denied"},
		{watch.Problem{Path: "/etc/shadow", Msg: "open /etc/shadow: permission denied", Err: denied}, "open /etc/shadow: permission denied"},
		{watch.Problem{Msg: "copies are left out"}, "copies are left out"},
		{watch.Problem{Path: "/a\n", Msg: "is a FIFO"}, `"/a\n": is a FIFO`},
	} {
		if got := ProblemText(tc.problem); got != tc.want {
			t.Errorf("got %q, want %q", got, tc.want)
		}
	}
}
