package main

import (
	"strings"
	"testing"
)

func TestNearest(t *testing.T) {
	list := []string{"/etc/hosts", "/etc/nginx", "/etc/nginx/nginx.conf", "/srv/nginx/nginx.conf", "~/notes/**/*.md", "!*.swp", "/etc/a", "/etc/b"}
	for _, tc := range []struct{ word, want string }{
		{"/etc/host", "/etc/hosts"},
		{"hosts", "/etc/hosts"},
		{"*.swp", "!*.swp"},
		{"/etc/ngnix", "/etc/nginx"},
		{"/srv/nginx.conf", "/srv/nginx/nginx.conf /etc/nginx/nginx.conf"},
		{"/etc/nothing", ""},
		{"/srv/something/else", ""},
		{"", ""},
	} {
		if got := strings.Join(mostSimilar(tc.word, list, 3), " "); got != tc.want {
			t.Errorf("nearest(%q) = %q, want %q", tc.word, got, tc.want)
		}
	}
	if got := mostSimilar("nginx.conf", list, 1); len(got) != 1 {
		t.Errorf("%q, want one", got)
	}
}

func FuzzDistance(f *testing.F) {
	f.Add("/etc/host", "/etc/hosts", 3)
	f.Add("", "abc", 1)
	f.Add("kitten", "sitting", 2)
	f.Fuzz(func(t *testing.T, a, b string, limit int) {
		if limit < 0 || len(a)+len(b) > 200 {
			return
		}
		whole := distance(a, b, len(a)+len(b))
		if whole != distance(b, a, len(a)+len(b)) || (whole == 0) != (a == b) || whole > max(len(a), len(b)) {
			t.Errorf("%q, %q: %d", a, b, whole)
		}
		if d := distance(a, b, limit); d != whole && (d <= limit || whole <= limit) {
			t.Errorf("%q, %q: %d within %d, and %d", a, b, d, limit, whole)
		}
	})
}
