package runstate_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"timemachine/repo/durable"
	"timemachine/repo/git/object"
	"timemachine/repo/internal/runstate"
)

// TestPushIsReadAsWritten: whatever a URL and a message hold, and beside those of other remotes.
func TestPushIsReadAsWritten(t *testing.T) {
	dir := openDir(t)
	id := object.Hash(object.Blob, []byte("a"))
	all := []runstate.Push{
		{URL: "ssh://git@host/a b\"c\n\x1b[31m", Ref: "refs/heads/main"},
		{URL: "/disk", Ref: "refs/heads/main", Seen: id, Done: time.Unix(1e9, 0), Private: true, Batch: 17},
		{URL: "/disk", Ref: "refs/heads/hosts/a", Failing: runstate.Failing{Class: "waiting", Message: "no \"key\"\nremote /x", Said: []string{"transient", "waiting"},
			Since: time.Unix(5, 0), Tried: time.Unix(6, 0), Tries: 3, Tip: id, Settings: "auto,1m0s,false"}},
	}
	for range 2 {
		for _, p := range all {
			if err := runstate.WritePush(dir, p); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, want := range all {
		if got, err := runstate.ReadPush(dir, want.URL, want.Ref); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v\n%+v\n%+v", err, got, want)
		}
	}
	if got, err := runstate.ReadPush(dir, "/disk", "refs/heads/other"); err != nil || got.Done.Unix() > 0 || got.URL != "/disk" {
		t.Errorf("%+v %v", got, err)
	}
}

// TestManyRemotes: those that were used last are remembered.
func TestManyRemotes(t *testing.T) {
	dir := openDir(t)
	for i := range 100 {
		if err := runstate.WritePush(dir, runstate.Push{URL: fmt.Sprint("/", i), Ref: "r", Batch: i + 1}); err != nil {
			t.Fatal(err)
		}
	}
	b, err := dir.ReadFile("push", 1<<20)
	if err != nil || strings.Count(string(b), "remote ") != 16 {
		t.Errorf("%v %s", err, b)
	}
	if p, _ := runstate.ReadPush(dir, "/99", "r"); p.Batch != 100 {
		t.Errorf("%+v", p)
	}
}

// FuzzPush: a damaged file is read as far as it can be, and what is read can be written.
func FuzzPush(f *testing.F) {
	f.Add("remote \"/a\" \"b\"\nseen 0123\nfailing a b c d e f g\nmessage \"\nsaid\n")
	f.Add("remote \"/a\" \"b\"\nseen 3b18e512dba79e4c8300dd08aeb37f8e728b8dad\ndone 17\nbatch 5\nprivate yes\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := openDir(t)
		if err := dir.Put("push", []byte(text)); err != nil {
			t.Fatal(err)
		}
		p, err := runstate.ReadPush(dir, "/a", "b")
		if err != nil {
			t.Fatal(err)
		}
		if err := runstate.WritePush(dir, p); err != nil {
			t.Fatal(err)
		}
		again, err := runstate.ReadPush(dir, "/a", "b")
		if err != nil || again.Seen != p.Seen || again.Failing.Class != p.Failing.Class || again.Batch != max(p.Batch, 0) {
			t.Errorf("%v\n%+v\n%+v", err, p, again)
		}
	})
}

func openDir(t *testing.T) *durable.Dir {
	t.Helper()
	dir, err := durable.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dir.Close() })
	return dir
}
