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
