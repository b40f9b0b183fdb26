package main

import "testing"

func TestNearest(t *testing.T) {
	list := []string{"/etc/hosts", "/etc/nginx", "~/notes/**/*.md", "!*.swp"}
	for _, tc := range []struct{ word, want string }{
		{"/etc/host", "/etc/hosts"},
		{"hosts", "/etc/hosts"},
		{"*.swp", "!*.swp"},
		{"/srv/something/else", ""},
		{"", ""},
	} {
		if got := nearest(tc.word, list); got != tc.want {
			t.Errorf("nearest(%q) = %q, want %q", tc.word, got, tc.want)
		}
	}
}
