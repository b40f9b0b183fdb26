package main

import (
	"slices"
	"strings"
	"testing"
)

func TestRewriteArgs(t *testing.T) {
	for _, tc := range []struct{ in, want string }{
		{"", ""},
		{"-cl /etc", "--config-location /etc"},
		{"-cl=/etc run", "--config-location=/etc run"},
		{"-cl= run", "--config-location= run"},
		{"run -cl", "run --config-location"},
		{"add -- -cl -d=", "add -- -cl -d="},
		{"-clx", "-clx"},
		{"-c l", "-c l"},
		{"-c= -d= list", "--config= --destination= list"},
		{"--config-location x -cl y", "--config-location x --config-location y"},
	} {
		if got := rewriteArgs(strings.Fields(tc.in)); !slices.Equal(got, strings.Fields(tc.want)) {
			t.Errorf("rewriteArgs(%q) = %q, want %q", tc.in, got, tc.want)
		}
	}
}

func FuzzRewriteArgs(f *testing.F) {
	f.Add("-cl", "x", "--", "-cl")
	f.Add("-cl=", "-d=", "-c=", "")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		in := []string{a, b, c, d}
		once := rewriteArgs(in)
		if len(once) != len(in) {
			t.Fatalf("%q became %q", in, once)
		}
		if twice := rewriteArgs(once); !slices.Equal(once, twice) {
			t.Fatalf("%q, rewritten again, became %q", once, twice)
		}
	})
}

// TestLimitInShort: -5 is a limit of log, and stays what it is elsewhere.
func TestLimitInShort(t *testing.T) {
	root := systemApp().rootCommand()
	for _, tc := range []struct{ in, want string }{
		{"log -5", "log --limit=5"},
		{"-d log log /etc -12 --stat", "-d log log /etc --limit=12 --stat"},
		{"--destination=x -q log -1", "--destination=x -q log --limit=1"},
		{"log -S -5 -n -5 --since -5", "log -S -5 -n -5 --since -5"},
		{"log -- -5", "log -- -5"},
		{"log -", "log -"},
		{"log -5x", "log -5x"},
		{"restore --strip -1 log", "restore --strip -1 log"},
		{"-- log -5", "-- log -5"},
		{"-5", "-5"},
	} {
		if got := spellOutLimit(root, strings.Fields(tc.in)); !slices.Equal(got, strings.Fields(tc.want)) {
			t.Errorf("%q became %q, want %q", tc.in, got, tc.want)
		}
	}
}
